import { describe, expect, it } from 'vitest';
import { generate, generateImages } from './generate.js';
import { emptyGrid, maskedPositions } from './grid.js';
import { stepPlan } from './plan.js';
import { planImage } from './plan-image.js';
import { shuffle } from './policies/shuffle.js';
import { plannedPolicy, type SamplingPolicy } from './policy.js';
import { refine } from './refinement.js';
import { checkPolicy } from './testing/check-policy.js';
import { describePolicy } from './testing/describe-policy.js';
import { fakeModel } from './testing/fake-model.js';

/**
 * Like ReMDM (arXiv 2503.00307): each step decodes random tokens and masks a part of the known ones again, so that the
 * masked fraction still falls by the cosine and is 0 after `steps` steps.
 */
function remasking({ steps = 8, fraction = 0.2 } = {}): SamplingPolicy {
  return {
    name: 'remasking',
    init: ({ known, noise }) => ({ given: known.slice(), noise, step: 0 }),
    step(state, { grid }) {
      const { given, noise, step } = state as never as Parameters<typeof plan>[0];
      return [plan({ given, noise, step }, grid.known), { given, noise, step: step + 1 }];
    },
    stepsLeft: (state) => steps - (state as { step: number }).step,
  };

  function plan(
    { given, noise, step }: { given: Uint8Array; noise: Parameters<typeof shuffle>[1]; step: number },
    known: Uint8Array,
  ) {
    const source = noise.fork('step', step);
    const masked = shuffle(maskedPositions(known), source);
    const decoded = known.map((isKnown, position) => (isKnown && !given[position] ? 0 : 1));
    const candidates = shuffle(maskedPositions(decoded), source);
    const total = given.length - given.reduce((sum, one) => sum + one, 0);
    const left = step + 1 < steps ? Math.floor(total * Math.cos((Math.PI / 2) * ((step + 1) / steps))) : 0;
    const remasked = left > 0 ? candidates.slice(0, Math.floor(fraction * candidates.length)) : [];
    const count = Math.max(1, masked.length + remasked.length - left);
    return stepPlan('generation', masked.slice(0, count), 2, remasked);
  }
}

const shape = { height: 4, width: 4, channels: 3 };
const request = (seed: number) => ({ seed, input: { classLabel: 1 } });

describePolicy('a policy that remasks', () => remasking());

describe('remasking', () => {
  it('masks tokens again, which later steps decode anew', async () => {
    const policy = remasking();
    const [drawn] = await generateImages({ model: fakeModel({ shape }), requests: [request(1)], policy });
    const times = (of: 'positions' | 'remasked', position: number) =>
      drawn!.steps.filter(({ plan }) => plan[of]?.includes(position)).length;
    const positions = [...Array(16).keys()];
    expect(positions.some((position) => times('remasked', position) > 0)).toBe(true);
    for (const position of positions) {
      expect(times('positions', position)).toBe(times('remasked', position) + 1);
    }
    expect(drawn!.grid.known.every((known) => known === 1)).toBe(true);
    const plans = planImage(policy, shape, { seed: 1 });
    expect(plans.map(({ remasked }) => remasked?.length ?? 0)).toEqual(
      drawn!.steps.map(({ plan }) => plan.remasked?.length ?? 0),
    );
  });

  it('hides a remasked token from the model, and takes it off the progress', async () => {
    const seen: number[] = [];
    const model = fakeModel({ shape });
    const watched = {
      ...model,
      condition(asked: Parameters<typeof model.condition>[0]) {
        seen.push(asked.batch[0]!.grid.known.reduce((sum, known) => sum + known, 0));
        return model.condition(asked);
      },
    };
    const decoded: number[] = [];
    for await (const event of generate({ model: watched, requests: [request(1)], policy: remasking() })) {
      if (event.type !== 'step-end') continue;
      decoded.push(event.progress.tokensDecoded);
      expect(event.progress.steps).toBe(8);
    }
    expect(seen).toEqual([0, ...decoded.slice(0, -1)]);
    expect(decoded.at(-1)).toBe(16);
  });

  const start = emptyGrid(shape);
  start.known.fill(1, 0, 8);
  /** Decodes row 2, then row 3, and remasks `remasked` with the latter. */
  const rows = (remasked: number[]): SamplingPolicy => ({
    name: 'rows',
    init: () => undefined,
    step: (_, { step }) => [
      stepPlan(
        'rows',
        [8, 9, 10, 11].map((p) => p + 4 * Math.min(step, 1)),
        3,
        step === 1 ? remasked : [],
      ),
      undefined,
    ],
  });

  it.each([
    [
      'a token that was given at the start',
      [3],
      'position 3 was given at the start, so it can’t be remasked',
    ],
    ['a token that is masked', [12], 'position 12 is masked already, so it can’t be remasked'],
    ['a position twice', [8, 8], 'position 8 is named twice'],
    ['a position outside the grid', [16], 'position 16 is outside the grid of 16 tokens'],
  ])('can’t be done to %s', async (_, remasked, problem) => {
    const requests = [{ ...request(1), start }];
    const run = generateImages({ model: fakeModel({ shape }), requests, policy: rows(remasked) });
    const message = `Policy "rows", step 1: ${problem}.`;
    await expect(run).rejects.toMatchObject({ code: 'invalid-plan', message });
    expect(() => planImage(rows(remasked), shape, { known: start.known })).toThrow(problem);
  });

  it('may be chosen by a refinement, which keeps the plan’s own if it names none', async () => {
    const pairs = plannedPolicy('pairs', function* () {
      yield stepPlan('pairs', [0, 1, 2, 3, 4, 5, 6, 7], 2);
      yield stepPlan('pairs', [8, 9, 10, 11, 12, 13, 14, 15], 2, [0]);
      yield stepPlan('pairs', [0], 2);
      yield stepPlan('pairs', [5], 2);
    });
    const doubles = refine(
      pairs,
      (plan) => stepPlan(plan.stage, plan.positions, 3),
      (plan, { step }) => (step === 1 ? { ...plan, remasked: Uint32Array.of(...plan.remasked!, 5) } : plan),
    );
    const [drawn] = await generateImages({
      model: fakeModel({ shape }),
      requests: [request(1)],
      policy: doubles,
    });
    expect(drawn!.steps.map(({ plan }) => [...(plan.remasked ?? [])])).toEqual([[], [0, 5], [], []]);
    expect(drawn!.steps.map(({ plan }) => plan.positions.length)).toEqual([8, 8, 1, 1]);
  });

  it('of given tokens and of dropped ones is left out of plans that were made beforehand', async () => {
    const policy = plannedPolicy('twice', function* () {
      yield stepPlan('twice', [0, 1, 2, 3], 2);
      yield stepPlan('twice', [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15], 2, [0, 1]);
      yield stepPlan('twice', [0, 1], 2);
    });
    const dropFirst = refine(policy, (plan, { step }) =>
      step === 0 ? stepPlan(plan.stage, plan.positions.slice(1), 2) : plan,
    );
    const [dropped] = await generateImages({
      model: fakeModel({ shape }),
      requests: [request(1)],
      policy: dropFirst,
    });
    expect(dropped!.steps.map(({ plan }) => [...(plan.remasked ?? [])])).toEqual([[], [1], []]);
    const known = Uint8Array.from({ length: 16 }, (_, position) => (position === 1 ? 1 : 0));
    const plans = planImage(policy, shape, { known });
    expect(plans.map(({ remasked }) => [...(remasked ?? [])])).toEqual([[], [0], []]);
    expect(plans.map(({ positions }) => positions.length)).toEqual([3, 12, 1]);
  });

  it('that never ends is found before a run', async () => {
    const endless: SamplingPolicy = {
      name: 'endless',
      init: () => undefined,
      step(_, { grid }) {
        const masked = maskedPositions(grid.known);
        const known = maskedPositions(grid.known.map((isKnown) => 1 - isKnown));
        return [stepPlan('s', masked.slice(0, 1), 2, known.slice(0, 1)), undefined];
      },
    };
    const problem = '256 steps have not ended the run';
    expect(() => planImage(endless, shape)).toThrow(`Policy "endless", step 256: ${problem}`);
    const findings = await checkPolicy(endless, { shapes: [shape], knownFraction: 0 });
    expect(findings).toEqual([
      {
        rule: 'ends',
        severity: 'error',
        message:
          '4×4 grid, empty, seed 1: the run has not ended after 256 steps, with 15 tokens masked. Remask fewer tokens as the run goes on.',
      },
    ]);
  });
});
