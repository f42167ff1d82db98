import {
  ancestralSampler,
  type GuidanceSchedule,
  type NoiseSource,
  plannedPolicy,
  type SamplingPolicy,
  stepPlan,
} from '@tessera/core';
import { gridLength } from '@tessera/core/model';
import { type Check, compare } from '../compare.js';
import type { GoldenCase } from '../golden-case.js';
import { GoldenDataError } from '../golden-data-error.js';
import type { JsonFields } from '../json-fields.js';
import { NoisePool } from '../noise-pool.js';
import { recordedInputs } from '../recorded-inputs.js';
import { caseShape, checkPictures, replayRun } from '../recorded-run.js';
import { runTolerance, TOLERANCES } from '../tolerances.js';

interface Iteration {
  readonly cfg: number;
  readonly groups: readonly {
    readonly respacing: string;
    /** [B][n]. */
    readonly positions: readonly (readonly number[])[];
  }[];
}

/**
 * A run of several stages: each iteration has its guidance scale and groups of tokens with a respacing each, all sampled
 * from the z of the iteration's start.
 */
export async function replayStaged(golden: GoldenCase): Promise<readonly Check[]> {
  const { fields, tensors, json, mar } = golden;
  const file = await tensors(fields.text('file'));
  const plan = await json(fields.text('plan'));
  const converted = await mar();
  const shape = caseShape(plan, converted);
  const length = gridLength(shape);
  const iterations = plan.objects('plan').map(readIteration);
  const count = iterations[0]?.groups[0]?.positions.length ?? 0;
  const images = Array.from({ length: count }, (_, image) => image);
  const pool = new NoisePool(
    await tensors(plan.has('noise') ? plan.text('noise') : fields.text('noise')),
    shape,
  );
  // A plan holds step counts, and two respacings may share one: here the count stands for the respacing.
  const respacings = [...new Set(iterations.flatMap(({ groups }) => groups.map((group) => group.respacing)))];
  const idOf = (respacing: string) => respacings.indexOf(respacing) + 1;
  const sampler = ancestralSampler();
  const inputs = await recordedInputs(golden, plan, file, count, converted);
  const tokens = new Map<number, Float32Array>();
  const checks: Check[] = [];
  for (const batch of batches(iterations, images)) {
    const result = await replayRun(
      {
        images: batch,
        inputs,
        shape,
        pool,
        policy: (imageOf) => stagedPolicy(iterations, idOf, imageOf),
        guidance: guidanceOf(iterations, batch[0]!, length),
        sampler: (id) => sampler(respacings[Number(id) - 1]!),
        temperature: plan.has('temperature') ? plan.number('temperature') : 1,
      },
      converted,
    );
    for (const [image, made] of result.tokens) tokens.set(image, made);
    checks.push(compare('iterations', [result.steps.length], [iterations.length], TOLERANCES.exact));
  }
  const tolerance = runTolerance(respacings.map((respacing) => sampler(respacing)));
  return [...checks, ...checkPictures(file, tokens, tolerance, shape, converted)];
}

function readIteration(fields: JsonFields): Iteration {
  const groups = fields.objects('groups').map((group) => ({
    respacing: group.respacing('respacing'),
    positions: group.numberLists('positions'),
  }));
  return { cfg: fields.number('cfg'), groups };
}

/** Images with equally many tokens in every iteration run together; else each runs alone. */
function batches(
  iterations: readonly Iteration[],
  images: readonly number[],
): readonly (readonly number[])[] {
  const alike = iterations.every((iteration) =>
    images.every((image) => tokenCount(iteration, image) === tokenCount(iteration, 0)),
  );
  return alike ? [images] : images.map((image) => [image]);
}

function tokenCount({ groups }: Iteration, image: number): number {
  return groups.reduce((sum, { positions }) => sum + (positions[image]?.length ?? 0), 0);
}

function stagedPolicy(
  iterations: readonly Iteration[],
  idOf: (respacing: string) => number,
  imageOf: (noise: NoiseSource) => number,
): SamplingPolicy {
  return plannedPolicy('recorded', function* ({ noise }) {
    const image = imageOf(noise);
    for (const { groups } of iterations) {
      const positions = groups.map((group) => group.positions[image] ?? []);
      const ids = groups.flatMap(({ respacing }, g) => positions[g]!.map(() => idOf(respacing)));
      yield stepPlan('recorded', positions.flat(), ids);
    }
  });
}

/** The recorded scale of each iteration, which the count of masked tokens tells. */
function guidanceOf(iterations: readonly Iteration[], image: number, length: number): GuidanceSchedule {
  const scales = new Map<number, number>();
  let masked = length;
  for (const iteration of iterations) {
    const count = tokenCount(iteration, image);
    if (count > 0) scales.set(masked, iteration.cfg);
    masked -= count;
  }
  return ({ maskedBefore }) => {
    const scale = scales.get(maskedBefore);
    if (scale === undefined) {
      throw new GoldenDataError(`The plan has no iteration that starts with ${maskedBefore} masked tokens.`);
    }
    return scale;
  };
}
