import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { loadModel } from '@tessera/runtime-node';
import { type BenchModel, openBenchModel } from './bench-model.js';
import { fleetPage } from './fleet-page.js';
import { killRunCommand } from './kill-run-command.js';
import { loadBenchmark } from './load.js';
import { measure } from './measure.js';
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
  if (first === 'kills') return killRunCommand(rest);
  if (first === 'load') return loadBenchmark(rest);
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
    const benchModel = await openBenchModel(source, CACHE_FOLDER);
    if (options.profile) {
      for (const arm of arms)
        console.log(`\n${await profileVariant(benchModel.folder, arm, options.threads)}`);
      continue;
    }
    const result = await benchmark(benchModel, arms, options);
    console.log(`\n${modelReport(result)}`);
    results.push(result);
  }
  if (options.json !== undefined) {
    await writeFile(options.json, `${JSON.stringify({ machine, results }, null, 2)}\n`);
  }
}

async function benchmark(
  benchModel: BenchModel,
  arms: readonly BenchVariant[],
  options: Options,
): Promise<ModelResult> {
  const { threads, batch } = options;
  const repeats = options.repeats ?? (benchModel.checkpoint ? 3 : 5);
  const model = await loadModel(benchModel.folder, { device: 'cpu', threads });
  const sizes = await transformerSizes(benchModel.folder, model.manifest, model.dtype);
  const matMul = await plainMatMul(sizes, 2 * batch * (sizes.buffer + sizes.length), threads);
  let port: TorchPort | undefined;
  try {
    if (options.torch) port = await torchPort(benchModel, options);
    say('warming up');
    await measure(model, sizes, arms.at(-1)!, { seed: 0, batch });

    const rounds = arms.map((): Round[] => []);
    const torchRounds = arms.map((): number[] => []);
    for (let round = 0; round < repeats; round++) {
      for (const [place, arm] of arms.entries()) {
        const plainMatMul = await matMul.measure();
        const measured = await measure(model, sizes, arm, { seed: round + 1, batch });
        rounds[place]!.push({ ...measured, plainMatMul });
        let line = `round ${round + 1} of ${repeats}, ${arm.name}: ${seconds(measured.wall)}`;
        if (port) {
          const torch = await port.measure({
            policy: arm.port,
            guidanceScale: model.manifest.sampling.guidance.scale,
            seed: round + 1,
            batch,
          });
          if (torch.tokenSteps !== measured.tokenSteps) {
            throw new Error(
              `${arm.name}: the port took ${torch.tokenSteps} steps of tokens, we ${measured.tokenSteps}.`,
            );
          }
          torchRounds[place]!.push(torch.wall);
          line += `, PyTorch ${seconds(torch.wall)}`;
        }
        say(line);
      }
    }
    const { rows, width, hidden } = matMul;
    return {
      model: benchModel.name,
      dtype: model.dtype,
      threads,
      batch,
      sizes,
      decodes: model.manifest.variants[0]!.components.decoder !== undefined,
      matMul: { rows, width, hidden },
      arms: arms.map(({ name }, place) => ({ name, rounds: rounds[place]! })),
      ...(port
        ? {
            torch: {
              version: port.version,
              products: port.products,
              arms: arms.map(({ name }, place) => ({ name, rounds: torchRounds[place]! })),
            },
          }
        : {}),
    };
  } finally {
    port?.close();
    await matMul.release();
    await model.dispose();
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
