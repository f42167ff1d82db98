import {
  ancestralSampler,
  constantGuidance,
  eulerSampler,
  type GuidanceSchedule,
  linearGuidance,
  randomOrder,
} from '@tessera/core';
import { gridLength } from '@tessera/core/model';
import { type Check, compare } from '../compare.js';
import type { GoldenCase } from '../golden-case.js';
import { GoldenDataError } from '../golden-data-error.js';
import { type GoldenTensors, rowsOf } from '../golden-files.js';
import type { JsonFields } from '../json-fields.js';
import { NoisePool } from '../noise-pool.js';
import { recordedInputs } from '../recorded-inputs.js';
import { caseShape, checkPictures, type RecordedRun, type RunResult, replayRun } from '../recorded-run.js';
import { runTolerance, TOLERANCES } from '../tolerances.js';

/** MAR's order with the recorded permutations, one an image. */
export function recordedOrder(
  fields: JsonFields,
  orders: ReturnType<typeof rowsOf>,
  diffusionSteps: number,
): RecordedRun['policy'] {
  return (imageOf) =>
    randomOrder({
      steps: fields.number('num_iter'),
      diffusionSteps,
      permutation: ({ noise }) => orders[imageOf(noise)]!,
    });
}

/** MAR's own loop with the recorded orders and noise. */
export async function replayGenerate(golden: GoldenCase): Promise<readonly Check[]> {
  const { fields, tensors, mar } = golden;
  const file = await tensors(fields.text('file'));
  const converted = await mar();
  const { manifest } = converted.model;
  const shape = caseShape(fields, converted);
  const length = gridLength(shape);
  const orders = rowsOf(file.get('orders', [undefined, length]));
  const { diffusion } = converted.model;
  const isFlow = diffusion.prediction === 'velocity';
  const table = isFlow
    ? eulerSampler()(fields.number('diff_steps'), diffusion)
    : ancestralSampler()(fields.respacing('respacing'));
  const pool = new NoisePool(await tensors(fields.text('noise')), shape);
  const last = fields.objects('iterations').length - 1;
  const result = await replayRun(
    {
      conditionsAt: [0, last],
      images: [...orders.keys()],
      inputs: await recordedInputs(golden, fields, file, orders.length, converted),
      shape,
      pool,
      policy: recordedOrder(fields, orders, table.steps.length),
      guidance: guidanceOf(fields),
      sampler: () => table,
      // Flows draw no noise on the way, and the published code lets the temperature change nothing.
      temperature: isFlow ? 1 : fields.number('temperature'),
    },
    converted,
  );
  const checks = checkIterations(result, fields.objects('iterations'), length);
  const recorded = [
    ['z_pred_iter0', 0, TOLERANCES.conditions],
    ['z_pred_last', last, TOLERANCES.flow],
  ] as const;
  for (const [name, step, tolerance] of recorded) {
    // MAR's recordings of the last step are of a run whose tokens differ as far as its tolerance allows.
    if (!file.has(name) || (name === 'z_pred_last' && !isFlow)) continue;
    const expected = file.get(name, [undefined, manifest.widths.decoder]);
    const { conditional, unconditional } = result.conditions.get(step)!;
    const halves = isFlow ? [unconditional, conditional] : [conditional, unconditional];
    checks.push(compare(name, halves.flat(), expected.data, tolerance));
  }
  // Those of a chain that draws at each step are of another form.
  if (isFlow && fields.has('draws')) {
    checks.push(...checkDraws(await tensors(fields.text('draws')), result, pool, shape.channels));
  }
  return [...checks, ...checkPictures(file, result.tokens, runTolerance([table]), shape, converted)];
}

/** `draw.K` [N, C], the noise of iteration K in the order drawn: image by image, positions ascending. */
function checkDraws(
  file: GoldenTensors,
  { steps }: RunResult,
  pool: NoisePool,
  channels: number,
): readonly Check[] {
  const token = new Float32Array(channels);
  return file.matching(/^draw\.(\d+)$/).map(({ name, groups }) => {
    const drawn = (steps[Number(groups[0])] ?? []).flatMap(({ plan }, image) =>
      [...plan.positions]
        .sort((a, b) => a - b)
        .flatMap((position) => {
          pool.image(image).tokenNormal(position, 0, token);
          return [...token];
        }),
    );
    return compare(name, drawn, file.get(name).data, TOLERANCES.exact);
  });
}

export function guidanceOf(fields: JsonFields): GuidanceSchedule {
  const schedule = fields.text('cfg_schedule');
  const scale = fields.number('cfg');
  if (schedule === 'constant') return constantGuidance(scale);
  if (schedule === 'linear') return linearGuidance(scale);
  throw new GoldenDataError(`The guidance schedule "${schedule}" is not known here.`);
}

/** What each iteration decoded, and its guidance. */
export function checkIterations(
  { steps }: RunResult,
  iterations: readonly JsonFields[],
  length: number,
): Check[] {
  const checks = [compare('iterations', [steps.length], [iterations.length], TOLERANCES.exact)];
  const masked = steps[0]?.map(() => length) ?? [];
  for (const [k, images] of steps.entries()) {
    const iteration = iterations[k];
    if (!iteration) break;
    for (const [i, { plan, guidanceScale }] of images.entries()) {
      const before = masked[i]!;
      const after = before - plan.positions.length;
      masked[i] = after;
      const counts = [
        ['masked_before', before],
        // The reference's mask after the last step still has one position, which nothing reads.
        ['masked_after', Math.max(1, after)],
        ['n_pred_per_sample', plan.positions.length],
        ['n_pred', plan.positions.length],
      ] as const;
      for (const [name, count] of counts) {
        if (!iteration.has(name)) continue;
        checks.push(compare(`iteration ${k}: ${name}`, [count], [iteration.number(name)], TOLERANCES.exact));
      }
      const cfg = iteration.number('cfg_iter');
      checks.push(compare(`iteration ${k}: cfg_iter`, [guidanceScale], [cfg], TOLERANCES.guidanceScale));
    }
  }
  return checks;
}
