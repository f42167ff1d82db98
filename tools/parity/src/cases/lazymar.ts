import { ancestralSampler, lazyMar, type ModelInput } from '@tessera/core';
import { gridLength, proxyModel } from '@tessera/core/model';
import { type CachedBatch, type Caches, MarModel, type ModelGraphs } from '@tessera/onnx';
import { type Check, compare } from '../compare.js';
import type { ConvertedMar } from '../converted-models.js';
import type { GoldenCase } from '../golden-case.js';
import { GoldenDataError } from '../golden-data-error.js';
import { type GoldenTensors, rowsOf } from '../golden-files.js';
import type { JsonFields } from '../json-fields.js';
import { NoisePool } from '../noise-pool.js';
import { recordedInputs } from '../recorded-inputs.js';
import { checkPictures, type RunResult, replayRun } from '../recorded-run.js';
import { TOLERANCES } from '../tolerances.js';
import { checkIterations, guidanceOf, recordedOrder } from './generate.js';

/**
 * A run with LazyMAR's caches, twice: rows chosen freely, which may differ from the recorded ones in ties alone; and with the
 * recorded rows, whose z and tokens are compared.
 */
export async function replayLazyMar(golden: GoldenCase): Promise<readonly Check[]> {
  const { fields } = golden;
  const model = golden.beside(fields.text('weights'));
  const lazy = fields.object('lazy');
  const converted = await model.mar({
    repeatBlocks: fields.number('repeat_blocks'),
    cutBlock: lazy.number('prune_layer'),
  });
  const file = await golden.tensors(fields.text('file'));
  const { shape } = converted.model;
  const orders = rowsOf(file.get('orders', [undefined, gridLength(shape)]));
  const pool = new NoisePool(await model.tensors('gen_noise.safetensors'), shape);
  const table = ancestralSampler()(fields.respacing('respacing'));
  const ratios = lazy.numbers('ratios');
  const cachedHead = fields.text('head') === 'cached';
  const wanted = fields.numbers('z');
  const inputs = await recordedInputs(golden, fields, file, orders.length, converted);

  const run = async (watch: Watch): Promise<RunResult> => {
    let step = 0;
    const graphs = watched(converted, file, () => step, watch);
    return replayRun(
      {
        images: [...orders.keys()],
        inputs,
        shape,
        pool,
        policy: recordedOrder(fields, orders, table.steps.length),
        guidance: guidanceOf(fields),
        sampler: () => table,
        temperature: fields.number('temperature'),
        reuse: lazyMar({
          refresh: { warmUp: lazy.number('start_step'), interval: lazy.number('fresh_interval') },
          extraRows: lazy.number('extra_rows'),
          parts: ['guidance', 'tokens', ...(cachedHead ? (['head'] as const) : [])],
          keptShare(context) {
            step = context.step;
            return ratios[step] ?? 1;
          },
        }),
        conditionsAt: wanted,
      },
      { model: new MarModel(graphs) },
    );
  };

  const checks: Check[] = [];
  const iterations = fields.objects('iterations');
  const free = await run({ forced: false, checks });
  checks.push(...checkIterations(free, iterations, gridLength(shape)), ...checkRefreshes(free, iterations));
  const forced = await run({ forced: true, checks });
  for (const [step, { conditional, unconditional }] of forced.conditions) {
    // Without guidance, the recorded run has an unconditional half all the same, which has no influence.
    const recorded = file.get(`z.${step}`).data;
    const actual = [...conditional, ...unconditional];
    const tolerance = cachedHead ? TOLERANCES.lazyConditions : TOLERANCES.lazyPlainConditions;
    const expected = unconditional.length > 0 ? recorded : recorded.subarray(0, actual.length);
    checks.push(compare(`z.${step}`, actual, expected, tolerance));
  }
  const tolerance = cachedHead ? TOLERANCES.lazyRun : TOLERANCES.run;
  return [...checks, ...checkPictures(file, forced.tokens, tolerance, shape, converted)];
}

function checkRefreshes({ steps }: RunResult, iterations: readonly JsonFields[]): Check[] {
  return steps.flatMap((images, k) =>
    images.map(({ reuse }) => {
      const full = iterations[k]?.values.full === true;
      return compare(`iteration ${k}: full`, [Number(reuse?.refresh)], [Number(full)], TOLERANCES.exact);
    }),
  );
}

interface Watch {
  /** Whether the recorded rows are kept, instead of those chosen. */
  readonly forced: boolean;
  readonly checks: Check[];
}

/** The graphs; each choice of rows is compared with the recorded one. */
function watched(
  { graphs }: ConvertedMar,
  file: GoldenTensors,
  step: () => number,
  { forced, checks }: Watch,
): ModelGraphs<ModelInput> {
  const transformer = graphs.cached!;
  const cached = proxyModel(transformer, {
    async condition(batch: CachedBatch, caches?: Caches) {
      const name = `kept.${step()}`;
      if (!caches || !file.has(name)) return transformer.condition(batch, caches);
      const { buffer } = graphs.manifest.caches!;
      const count = buffer + gridLength(graphs.manifest.grid);
      const kept = rowsOf(file.get(name, [batch.labels.length, undefined]));
      const scores = rowsOf(file.get(`score.${step()}`, [batch.labels.length, count]));
      const chosen = await transformer.keptRows(batch, caches);
      for (const [image, expected] of kept.entries()) {
        const size = chosen.rows.length / kept.length;
        const rows = chosen.rows.slice(image * size, (image + 1) * size).sort();
        checks.push(
          compare(`decoder rows of step ${step()}`, [rows.length], [expected.length], TOLERANCES.exact),
        );
        const recorded = scores[image]!;
        if (!forced) checks.push(checkRows(`rows of step ${step()}`, rows, expected, recorded));
        else {
          const others = partOf(batch.others, image, kept.length);
          const own = chosen.scores.subarray(image * count, (image + 1) * count);
          checks.push(
            compare(
              `score.${step()}`,
              others.map((row) => own[row]!),
              others.map((row) => recorded[row]!),
              TOLERANCES.likeness,
            ),
          );
        }
      }
      return transformer.condition(forced ? withRows(batch, kept, buffer) : batch, caches);
    },
  });
  return proxyModel(graphs, { cached });
}

/** Infinite unless rows that differ have a recorded score near the cut, the least one left out. */
function checkRows(what: string, actual: Int32Array, expected: Float32Array, scores: Float32Array): Check {
  const kept = new Set(expected);
  const cut = Math.max(...Array.from(expected, (row) => scores[row]!));
  const error = [...actual]
    .filter((row) => !kept.has(row))
    .reduce((most, row) => Math.max(most, Math.abs(scores[row]! - cut)), 0);
  return { what, error, tolerance: TOLERANCES.likeness };
}

function partOf(values: Int32Array, image: number, images: number): number[] {
  const size = values.length / images;
  return [...values.subarray(image * size, (image + 1) * size)];
}

/** A batch that keeps given rows. */
function withRows(batch: CachedBatch, kept: readonly Float32Array[], buffer: number): CachedBatch {
  const forced = kept.flatMap((rows, image) => {
    const targets = new Set(partOf(batch.targets, image, kept.length).map((position) => position + buffer));
    const missing = [...targets].find((row) => !rows.includes(row));
    if (missing !== undefined) throw new GoldenDataError(`The recorded rows leave target ${missing} out.`);
    return [...rows].filter((row) => !targets.has(row));
  });
  return { ...batch, forced: Int32Array.from(forced), others: new Int32Array(), kept: 0 };
}
