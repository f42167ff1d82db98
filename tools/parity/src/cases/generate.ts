import {
  ancestralSampler,
  constantGuidance,
  type GuidanceSchedule,
  linearGuidance,
  randomOrder,
} from '@tessera/core';
import { gridLength } from '@tessera/core/model';
import { type Check, compare } from '../compare.js';
import type { GoldenCase } from '../golden-case.js';
import { GoldenDataError } from '../golden-data-error.js';
import { rowsOf } from '../golden-files.js';
import type { JsonFields } from '../json-fields.js';
import { NoisePool } from '../noise-pool.js';
import { recordedInputs } from '../recorded-inputs.js';
import { caseShape, checkPictures, type RunResult, replayRun } from '../recorded-run.js';
import { runTolerance, TOLERANCES } from '../tolerances.js';

/** MAR's own loop with the recorded orders and noise. */
export async function replayGenerate(golden: GoldenCase): Promise<readonly Check[]> {
  const { fields, tensors, mar } = golden;
  const file = await tensors(fields.text('file'));
  const converted = await mar();
  const { manifest } = converted.model;
  const shape = caseShape(fields, converted);
  const length = gridLength(shape);
  const orders = rowsOf(file.get('orders', [undefined, length]));
  const table = ancestralSampler()(fields.respacing('respacing'));
  const result = await replayRun(
    {
      images: [...orders.keys()],
      inputs: await recordedInputs(golden, fields, file, orders.length, converted),
      shape,
      pool: new NoisePool(await tensors(fields.text('noise')), shape),
      policy: (imageOf) =>
        randomOrder({
          steps: fields.number('num_iter'),
          diffusionSteps: table.steps.length,
          permutation: ({ noise }) => orders[imageOf(noise)]!,
        }),
      guidance: guidanceOf(fields),
      sampler: () => table,
      temperature: fields.number('temperature'),
    },
    converted,
  );
  const checks = checkIterations(result, fields.objects('iterations'), length);
  if (file.has('z_pred_iter0')) {
    const { conditional, unconditional } = result.conditions.get(0)!;
    const expected = file.get('z_pred_iter0', [undefined, manifest.widths.decoder]);
    const actual = [...conditional, ...unconditional];
    checks.push(compare('z_pred_iter0', actual, expected.data, TOLERANCES.conditions));
  }
  return [...checks, ...checkPictures(file, result.tokens, runTolerance([table]), shape, converted)];
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
