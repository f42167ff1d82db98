import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type LoadedModel, loadModel } from '@tessera/runtime-node';
import { type BenchModel, openBenchModel } from './bench-model.js';
import { fairness } from './fairness.js';
import { fleetPage } from './fleet-page.js';
import { flopsTable } from './flops-table.js';
import { killRunCommand } from './kill-run-command.js';
import { loadBenchmark } from './load.js';
import { measure } from './measure.js';
import { nitroTable } from './nitro-table.js';
import { HELP, type Options, parseOptions } from './options.js';
import { plainMatMul } from './plain-matmul.js';
import { profileVariant } from './profile.js';
import { describeMachine, type ModelResult, machineLine, modelReport, type Round } from './report.js';
import { speedTable } from './speed-table.js';
import { startTorchPort, type TorchPort } from './torch-port.js';
import { transformerSizes } from './transformer-sizes.js';
import { type BenchVariant, variantsNamed } from './variants.js';

const CACHE_FOLDER = fileURLToPath(new URL('../../../.cache/bench', import.meta.url));

async function main(): Promise<void> {
  const [first, ...rest] = process.argv.slice(2);
  if (first === 'table') return speedTable(rest, CACHE_FOLDER);
  if (first === 'nitro') return nitroTable(rest, CACHE_FOLDER);
  if (first === 'flops') return flopsTable(rest);
  if (first === 'kills') return killRunCommand(rest, CACHE_FOLDER);
  if (first === 'load') return loadBenchmark(rest);
  if (first === 'fairness') return fairness(rest);
  if (first === 'fleet') return fleetPage(rest);
  const options = parseOptions(process.argv.slice(2));
  if (!options) {
    console.log(HELP);
    return;
  }
  const arms = variantsNamed(options.policies);
  const machine = describeMachine();
  console.log(machineLine(machine));
  const results: ModelResult[] = [];
  for (const source of options.models) {
    say(`${source}: making ready`);
    const cached = arms.some(({ reuse }) => reuse);
    const stored: BenchModel[] = [];
    // One type of a model that is not converted, its own.
    for (const dtype of options.dtypes) {
      const opened = await openBenchModel(source, CACHE_FOLDER, { dtype, cached });
      if (!stored.some(({ folder }) => folder === opened.folder)) stored.push(opened);
    }
    if (options.profile) {
      for (const { folder } of stored)
        for (const arm of arms) console.log(`\n${await profileVariant(folder, arm, options.threads)}`);
      continue;
    }
    const result = await benchmark(stored, arms, options);
    console.log(`\n${modelReport(result)}`);
    results.push(result);
  }
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify({ machine, results }, null, 2)}\n`);
  }
}

/** How long a warm-up draws batches at least: copies of a model are loaded meanwhile. Milliseconds. */
const WARM_UP = 3000;

/** A way to sample with one of a model's types of weights, and so many copies of it. */
interface Arm {
  readonly name: string;
  readonly model: LoadedModel;
  readonly variant: BenchVariant;
}

async function benchmark(
  stored: readonly BenchModel[],
  variants: readonly BenchVariant[],
  options: Options,
): Promise<ModelResult> {
  const { threads, batch, replicas } = options;
  const [first] = stored as [BenchModel];
  const repeats = options.repeats ?? (first.checkpoint ? 3 : 5);
  const models: { readonly model: LoadedModel; readonly name: string }[] = [];
  const closing: (() => Promise<void> | void)[] = [];
  try {
    for (const { folder } of stored) {
      for (const count of replicas) {
        const copies = count === undefined ? {} : { replicas: count };
        const model = await loadModel(folder, { device: 'cpu', threads, ...copies });
        closing.push(() => model.dispose());
        const words = [stored.length > 1 && model.dtype, replicas.length > 1 && `replicas ${count}`];
        models.push({ model, name: words.filter(Boolean).join(', ') });
      }
    }
    const arms = models.flatMap(({ model, name }): Arm[] =>
      variants.map((variant) => ({ name: `${variant.name} ${name}`.trim(), model, variant })),
    );
    const { manifest, dtype } = models[0]!.model;
    const sizes = await transformerSizes(first.folder, manifest, dtype);
    const matMul = await plainMatMul(sizes, 2 * batch * (sizes.buffer + sizes.length), threads);
    closing.push(() => matMul.release());
    let port: TorchPort | undefined;
    if (options.torch) {
      port = await torchPort(first, options);
      closing.push(() => port?.close());
    }
    const warmUp = variants.at(-1)!;
    say(`warming up by ${warmUp.name}`);
    for (const { model } of models) {
      const began = performance.now();
      do await measure(model, sizes, warmUp, { seed: 0, batch });
      while (performance.now() - began < WARM_UP);
      say(`warm after ${seconds(performance.now() - began)}`);
    }

    const rounds = arms.map((): Round[] => []);
    const torchRounds = arms.map((): number[] => []);
    for (let round = 0; round < repeats; round++) {
      for (const [place, { name, model, variant }] of arms.entries()) {
        const plainMatMul = await matMul.measure();
        const measured = await measure(model, sizes, variant, { seed: round + 1, batch });
        rounds[place]!.push({ ...measured, plainMatMul });
        let line = `round ${round + 1} of ${repeats}, ${name}: ${seconds(measured.wall)}`;
        if (port && variant.port) {
          const torch = await port.measure({
            policy: variant.port,
            guidanceScale: manifest.sampling.guidance.scale,
            seed: round + 1,
            batch,
          });
          if (torch.tokenSteps !== measured.tokenSteps) {
            throw new Error(
              `${name}: the port took ${torch.tokenSteps} steps of tokens, we ${measured.tokenSteps}.`,
            );
          }
          torchRounds[place]!.push(torch.wall);
          line += `, PyTorch ${seconds(torch.wall)}`;
        }
        say(line);
      }
    }
    const { rows, width, hidden } = matMul;
    const ported = arms.flatMap(({ name }, place) =>
      torchRounds[place]!.length > 0 ? [{ name, rounds: torchRounds[place]! }] : [],
    );
    return {
      model: first.name,
      dtype: [...new Set(models.map(({ model }) => model.dtype))].join(' and '),
      threads,
      batch,
      sizes,
      decodes: manifest.variants[0]!.components.decoder !== undefined,
      matMul: { rows, width, hidden },
      arms: arms.map(({ name }, place) => ({ name, rounds: rounds[place]! })),
      ...(port ? { torch: { version: port.version, products: port.products, arms: ported } } : {}),
    };
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

async function torchPort({ checkpoint, name }: BenchModel, { python, threads }: Options): Promise<TorchPort> {
  if (checkpoint === undefined) throw new Error(`--torch needs a checkpoint, which ${name} is not.`);
  say('starting the PyTorch port');
  return startTorchPort(python, checkpoint, threads);
}

function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(2)} s`;
}

function say(text: string): void {
  console.error(`bench: ${text}`);
}

main().catch((error: unknown) => {
  console.error(`bench: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
