import { generate, keyedNoise, type ModelInput, randomOrder, refine, TesseraError } from '@tessera/core';
import { emptyGrid } from '@tessera/core/model';
import { serveModel } from '@tessera/onnx';
import { type LoadedModel, type LoadProgress, loadModel, probe } from '@tessera/runtime-web';
import type { Drawing, DrawOptions, HostApi, PageApi, PageFailure, PageLoadOptions } from '../page-api.js';

const host = globalThis as unknown as HostApi;
const models: { model: LoadedModel; worker: Worker; listener: (message: unknown) => void }[] = [];

function failure(error: unknown): PageFailure {
  const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
  return { name, message, code: TesseraError.isInstance(error) ? error.code : undefined };
}

async function load(options: PageLoadOptions): ReturnType<PageApi['load']> {
  const { folder, build, changes = '', workerAddress, wasmPaths, abortAfter, ...rest } = options;
  const files = `/ort/ort-wasm-simd-threaded${build === 'webgpu' ? '.asyncify' : ''}`;
  const worker = new Worker(workerAddress ?? `/worker-${build}.js?${changes}`, { type: 'module' });
  const progress: LoadProgress[] = [];
  const controller = new AbortController();
  try {
    const model = await loadModel(folder, {
      ...rest,
      worker,
      signal: controller.signal,
      ...(wasmPaths === 'none'
        ? {}
        : { wasmPaths: wasmPaths ?? { wasm: `${files}.wasm`, mjs: `${files}.mjs` } }),
      onProgress(report) {
        progress.push(report);
        if (progress.length === abortAfter) controller.abort(new Error('enough'));
      },
    });
    const id = models.length;
    const entry = { model, worker, listener: (_message: unknown): void => {} };
    models.push(entry);
    serveModel(
      {
        send: (message) => host.receive(id, message),
        listen: (listener) => {
          entry.listener = listener;
        },
      },
      model,
    );
    const { device, dtype, precision, precisionReason, threads, fallbacks, cacheError } = model;
    return {
      id,
      manifest: JSON.stringify(model.manifest),
      device,
      dtype,
      precision,
      precisionReason,
      threads,
      fallbacks,
      cacheError,
      progress,
    };
  } catch (error) {
    return failure(error);
  }
}

async function draw(id: number, options: DrawOptions): Promise<Drawing> {
  const { seed, classLabel, reactive, readConditions, abortAfterStep, loseAfterStep, start } = options;
  const { model, worker } = models[id]!;
  const asked = inputOf(model, classLabel);
  const input = reactive ? new Proxy(asked, {}) : asked;
  const controller = new AbortController();
  let grid = start ? { shape: model.shape, ...start } : emptyGrid(model.shape);
  let pixels = new Uint8Array();
  const plan: Drawing['plan'][number][] = [];
  const order = randomOrder(options);
  const reading = refine(order, async (step, { conditions }) => {
    await Promise.all([conditions.read(), conditions.readUnconditional()]);
    return step;
  });
  const gap = watchGaps();
  const seen = (): Drawing => ({ tokens: grid.tokens, known: grid.known, pixels, plan, largestGap: gap() });
  try {
    const events = generate({
      model,
      policy: readConditions ? reading : order,
      requests: [{ seed, input, ...(start ? { start: grid } : {}) }],
      signal: controller.signal,
    });
    for await (const event of events) {
      if (event.type === 'step-end') {
        const { stage, positions, diffusionSteps } = event.batch[0]!.plan;
        plan.push({ stage, positions: [...positions], diffusionSteps: [...diffusionSteps] });
        grid = event.grids()[0]!;
        if (plan.length === loseAfterStep) worker.postMessage('lose the device');
        // Stopped in the middle of the next step.
        if (plan.length === abortAfterStep) setTimeout(() => controller.abort(new Error('enough')), 5);
      } else if (event.type === 'image') {
        pixels = new Uint8Array(event.image.data);
      }
    }
    return seen();
  } catch (error) {
    return { ...seen(), failure: failure(error) };
  }
}

/** A class, or random features for models that take text. */
function inputOf({ manifest: { condition } }: LoadedModel, classLabel: number): ModelInput {
  if (condition.kind === 'class') return { classLabel };
  const features = (from: number) => ({
    features: keyedNoise({ seed: from }).normal(new Float32Array(condition.length * condition.width)),
  });
  return { prompt: features(classLabel), negativePrompt: features(classLabel + 1) };
}

/** Begins to measure how long the page is busy at a stretch. */
function watchGaps(): () => number {
  let largest = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    largest = Math.max(largest, now - last);
    last = now;
  }, 1);
  return () => {
    clearInterval(timer);
    return largest;
  };
}

async function dispose(id: number): Promise<readonly PageFailure[]> {
  const { model } = models[id]!;
  const failed = (call: Promise<unknown>): Promise<PageFailure[]> =>
    call.then(
      () => [],
      (error: unknown) => [failure(error)],
    );
  const underWay = failed(model.decode([emptyGrid(model.shape)]));
  await model.dispose();
  await model.dispose();
  const after = failed(model.runStatistics());
  return (await Promise.all([underWay, after])).flat();
}

async function noise(id: number, seed: number, count: number): ReturnType<PageApi['noise']> {
  const { port1, port2 } = new MessageChannel();
  models[id]!.worker.postMessage({ noise: { seed, count }, port: port2 }, [port2]);
  const worker = await new Promise<Float32Array>((resolve) => {
    port1.onmessage = ({ data }: MessageEvent<Float32Array>) => resolve(data);
  });
  return { page: keyedNoise({ seed }).normal(new Float32Array(count)), worker };
}

/** https://wicg.github.io/performance-measure-memory/; TypeScript's DOM library does not have it yet. */
interface MemoryMeasurement {
  readonly bytes: number;
  readonly breakdown: readonly {
    readonly bytes: number;
    readonly attribution: readonly { readonly scope: string }[];
  }[];
}

async function memory(): ReturnType<PageApi['memory']> {
  const { bytes, breakdown } = await (
    performance as Performance & { measureUserAgentSpecificMemory(): Promise<MemoryMeasurement> }
  ).measureUserAgentSpecificMemory();
  const workers = breakdown
    .filter(({ attribution }) => attribution.some(({ scope }) => scope === 'DedicatedWorkerGlobalScope'))
    .reduce((sum, each) => sum + each.bytes, 0);
  return { workers, all: bytes };
}

const api: PageApi = {
  load,
  draw,
  dispose,
  probe,
  send(id, messages) {
    for (const message of messages) models[id]!.listener(message);
  },
  noise,
  memory,
};
Object.assign(globalThis, { testPage: api });
