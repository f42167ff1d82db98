import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { MarConfigJson } from '@tessera/convert';
import { textTable } from '@tessera/evaluation-report/display';
import { buildSampling, parseSpec, resolveSampling } from '@tessera/format';
import { countFlops, type ModelSizes } from './count-flops.js';
import { completeConfig, RANDOM_MODELS } from './random-checkpoint.js';

/** The sizes of the embedded model of classes. */
const TINY_CONFIG = fileURLToPath(new URL('../../train/checkpoint/config.json', import.meta.url));

const MODELS = [...Object.keys(RANDOM_MODELS), 'tiny'];

/** The published ways, then the fast one, with guidance and without. */
const SAMPLERS = [
  'mar:64x100',
  'mar:64x100/guidance=off',
  'halton:32x50',
  'disa',
  'lazymar',
  'gtr-32',
  'gtr-32/lazy=stages/lazy-rows=progress',
  'gtr-16',
  'gtr-gradual',
  'gtr-gradual/guidance=off',
  'gtr-fast',
  'gtr-fast/guidance=off',
];

const HELP = `Usage: npm run bench -- flops [options]

Counts the floating-point operations of drawing an image's tokens: those of matrix products, two for each multiplication with
its addition. Nothing is drawn, so models of any size take seconds. They are what speed is given in where machines differ.

  --models LIST     of ${MODELS.join(', ')}   [all]
  --samplers LIST   sampler specs   [the published ones and the fast way]`;

/** Prints how many operations ways of sampling take. @param given the command line after \`flops\` */
export async function flopsTable(given: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...given],
    options: {
      ...{ models: { type: 'string' }, samplers: { type: 'string' } },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return console.log(HELP);
  const models = values.models?.split(',') ?? MODELS;
  const samplers = values.samplers?.split(',') ?? SAMPLERS;
  const rows = [['model', 'sampler', 'transformer, TFLOP', 'head', 'in all', '× fewer']];
  for (const model of models) {
    const sizes = await modelSizes(model);
    let first: number | undefined;
    for (const sampler of samplers) {
      const { transformer, head } = await countFlops(sizes, samplingOf(sampler));
      const all = transformer + head;
      first ??= all;
      const teras = [transformer, head, all].map((flops) => (flops / 1e12).toPrecision(3));
      rows.push([model, sampler, ...teras, (first / all).toFixed(2)]);
    }
  }
  console.log(textTable(rows, [false, false, true, true, true, true]).join('\n'));
}

/** A spec's sampling for a model that advises guidance, as all published ones do. */
function samplingOf(spec: string) {
  const advised = { guidance: { schedule: 'linear', scale: 3 }, temperature: 1 } as const;
  return buildSampling(resolveSampling(parseSpec(spec), advised));
}

async function modelSizes(model: string): Promise<ModelSizes> {
  if (!MODELS.includes(model)) throw new Error(`--models ${model}: there are ${MODELS.join(', ')}.`);
  const json = RANDOM_MODELS[model] ?? (await tinyConfig());
  return sizesOf(json);
}

/** The sizes that a count depends on. @param json with every size given */
export function sizesOf(json: MarConfigJson): ModelSizes {
  const { grid, encoder, decoder, buffer, head } = completeConfig(json);
  const { channels, height, width } = grid;
  return { length: height * width, channels, buffer, encoder, decoder, grid, head };
}

async function tinyConfig(): Promise<MarConfigJson> {
  const { mar } = JSON.parse(await readFile(TINY_CONFIG, 'utf8')) as { readonly mar: MarConfigJson };
  return mar;
}
