import type { ComponentName, ManifestComponent, Precision } from '@tessera/format';
import { type GraphSession, halfGraph, takesHalf } from '@tessera/onnx';
import type { InferenceSession } from 'onnxruntime-web/wasm';
import type { Device } from './devices.js';
import type { EventLoopYielder } from './event-loop-yielder.js';
import type { OrtModule } from './ort.js';

/** Creates the session of one graph from the bytes of its files. */
export async function createSession(
  ort: OrtModule,
  name: ComponentName,
  { path, data = [] }: ManifestComponent,
  { device, precision }: { readonly device: Device; readonly precision: Precision },
  read: (path: string) => Promise<Uint8Array<ArrayBuffer>>,
  yielder: EventLoopYielder,
): Promise<GraphSession> {
  const externalData = [];
  for (const each of data) {
    externalData.push({ path: each.split('/').at(-1)!, data: await read(each) });
  }
  const graph = await read(path);
  const session = await ort.InferenceSession.create(takesHalf(name, precision) ? halfGraph(graph) : graph, {
    ...sessionOptions(name, device),
    ...(externalData.length > 0 ? { externalData } : {}),
  });
  await yielder.yieldToEventLoop();
  return {
    async run(feeds, outputs) {
      await yielder.yieldIfDue();
      return session.run(feeds, outputs);
    },
    release: () => session.release(),
  };
}

/** Outputs that other graphs take: they stay on the GPU. z is read back where a refinement asks. */
const FED_BACK: { readonly [name in ComponentName]?: readonly string[] | 'all' } = {
  transformer: ['z'],
  'transformer-cached': 'all',
  tokenEncoder: ['encoded'],
  tokenDecoder: ['queries'],
  cross: ['z'],
  project: ['z_embed'],
  modulate: ['modulation'],
  'modulate-cached': ['modulation'],
  denoise: ['mlp', 'delta'],
  'denoise-outer': ['mlp'],
};

/**
 * Small graphs that always run on the CPU: `embed` takes the sine of large angles, which WGSL lets a GPU get wrong, and
 * `positions` runs once for each size of grid.
 */
const ON_CPU: readonly ComponentName[] = ['embed', 'positions'];

function sessionOptions(graph: ComponentName, device: Device): InferenceSession.SessionOptions {
  const onGpu = device === 'webgpu' && !ON_CPU.includes(graph);
  const fedBack = FED_BACK[graph];
  return {
    executionProviders: [onGpu ? 'webgpu' : 'wasm'],
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
    ...(onGpu && fedBack ? { preferredOutputLocation: onGpuOutputs(fedBack) } : {}),
  };
}

function onGpuOutputs(
  fedBack: readonly string[] | 'all',
): NonNullable<InferenceSession.SessionOptions['preferredOutputLocation']> {
  if (fedBack === 'all') return 'gpu-buffer';
  return Object.fromEntries(fedBack.map((output) => [output, 'gpu-buffer']));
}
