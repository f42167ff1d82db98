import { describe, expect, it } from 'vitest';
import { dpmSolverSampler } from '../diffusion/dpm-solver-sampler.js';
import { type StepPlan, stepPlan } from '../plan.js';
import { randomOrder } from '../policies/random-order.js';
import { raster } from '../policies/raster.js';
import { type PolicyContext, plannedPolicy, type SamplingPolicy } from '../policy.js';
import { inStage, refine } from '../refinement.js';
import { checkPolicy } from './check-policy.js';

/** All masked positions in one step, changed by `change`. */
function atOnce(change: (positions: number[]) => readonly number[], steps = 5): SamplingPolicy {
  return {
    name: 'at once',
    init: ({ known }) => [...known.keys()].filter((position) => !known[position]),
    step: (state, { step }) => [
      stepPlan('generation', step === 0 ? change([...(state as number[])]) : [], steps),
      state,
    ],
  };
}

/** All masked positions in one step, with a count of diffusion steps that `stepPlan` might refuse. */
const uniform = (steps: number): SamplingPolicy => ({
  ...atOnce((positions) => positions),
  step: (state) => {
    const positions = Uint32Array.from(state as number[]);
    const diffusionSteps: number[] = Array(positions.length).fill(steps);
    return [{ stage: 'generation', positions, diffusionSteps } as never, state];
  },
});

const rules = async (policy: SamplingPolicy) => [
  ...new Set((await checkPolicy(policy)).map(({ rule, severity }) => `${severity} ${rule}`)),
];

describe('checkPolicy', () => {
  it('finds nothing in a sound policy', async () => {
    expect(await checkPolicy(randomOrder())).toEqual([]);
  });

  it('mentions a stage that a refinement waits for in vain, but not as an error', async () => {
    const same = (plan: StepPlan) => plan;
    const sound = refine(randomOrder(), inStage('generation', same), same);
    expect(await checkPolicy(sound)).toEqual([]);
    expect(await checkPolicy(refine(randomOrder(), inStage('reconstuction', same)))).toEqual([
      {
        rule: 'stage',
        severity: 'info',
        message:
          'No plan has the stage "reconstuction", so a refinement bound to it never acts. The stages are "generation".',
      },
    ]);
  });

  it('mentions an order that no seed changes, but not as an error', async () => {
    expect(await checkPolicy(raster())).toEqual([
      {
        rule: 'seed',
        severity: 'info',
        message:
          'Every seed gives the same plans: the order is fixed, or the noise given to init goes unused.',
      },
    ]);
  });

  it.each([
    ['skips a position', atOnce((positions) => positions.slice(1)), 'names no position'],
    ['repeats a position', atOnce((positions) => [...positions, positions[0]!]), 'is named twice'],
    ['plans a position outside the grid', atOnce((positions) => [...positions, 5000]), 'is outside the grid'],
    ['gives a token no diffusion step', uniform(0), 'has 0 diffusion steps'],
    ['gives a token one that the sampler can’t take', uniform(1), "can't take 1 diffusion steps"],
    ['gives a token a part of one', uniform(2.5), 'has 2.5 diffusion steps'],
    ['never ends', atOnce(() => []), 'names no position'],
    ['forgets positions', plannedPolicy('short', () => []), 'positions nowhere, the first of them'],
    ['returns no plan', { ...uniform(5), step: () => [undefined, 0] as never }, 'must return a plan'],
    ['returns a plan alone', { ...uniform(5), step: () => undefined as never }, 'must return [plan, state]'],
  ])('reports a policy that %s', async (_, policy, message) => {
    const findings = await checkPolicy(policy);
    expect(findings.map(({ rule }) => rule)).toEqual(['plan']);
    expect(findings[0]!.message).toContain(message);
    expect(findings[0]!.message).toContain('16×16 grid, empty, seed 1, and in 5 other cases: ');
  });

  it('reports a policy that plans known positions, in the runs with known ones only', async () => {
    const blind: SamplingPolicy = {
      name: 'blind',
      init: ({ shape }: PolicyContext) => shape.height * shape.width,
      step: (state) => [stepPlan('generation', [...Array(state as number).keys()], 5), state],
    };
    const findings = await checkPolicy(blind);
    expect(findings.map(({ message }) => message)).toEqual([
      '16×16 grid, partly known, seed 1, and in 2 other cases: Policy "blind", step 0: position 0 is already known.',
    ]);
  });

  it('reports a step that changes its state, the grid or the known tokens', async () => {
    const consuming: SamplingPolicy<{ left: number[] }> = {
      name: 'consuming',
      init: ({ known }) => ({ left: [...known.keys()].filter((position) => !known[position]) }),
      step: (state) => [stepPlan('generation', state.left.splice(0, 8), 5), state],
    };
    const [finding] = await checkPolicy(consuming);
    expect(finding).toMatchObject({ rule: 'pure', severity: 'error' });
    expect(finding!.message).toContain('step 0 changed the state it was given');

    const scribbling: SamplingPolicy = {
      ...raster(),
      step: (state, seen) => {
        seen.grid.tokens[0] = 1;
        return raster().step(state, seen);
      },
    };
    expect((await checkPolicy(scribbling))[0]!.message).toContain('changed the grid');

    const marking: SamplingPolicy = {
      ...raster(),
      init: (context) => {
        const state = raster().init(context);
        context.known.fill(1);
        return state;
      },
    };
    expect((await checkPolicy(marking))[0]!.message).toContain('init changed the known tokens');
  });

  it('reports a refinement that changes the grid, which would change the tokens that an edit keeps', async () => {
    const painting = refine(randomOrder({ steps: 4 }), (plan, { grid }) => {
      grid.tokens.fill(9);
      return plan;
    });
    const [finding] = await checkPolicy(painting);
    expect(finding).toMatchObject({ rule: 'pure', severity: 'error' });
    expect(finding!.message).toContain('a refinement changed the grid it was shown at step 0');
  });

  it('reports a step that remembers something outside its state', async () => {
    let calls = 0;
    const counting: SamplingPolicy = {
      ...raster(),
      step: (state, seen) => {
        const [plan, next] = raster().step(state, seen);
        return [{ ...plan, diffusionSteps: plan.diffusionSteps.map(() => 50 + (++calls % 9)) }, next];
      },
    };
    expect(await rules(counting)).toEqual(['error pure']);
  });

  it('reports randomness that does not come from the noise', async () => {
    let run = 0;
    const restless = plannedPolicy('restless', function* ({ known }): Generator<StepPlan> {
      const positions = [...known.keys()];
      yield stepPlan('generation', positions, 5 + ++run);
    });
    expect(await rules(restless)).toEqual(['error deterministic']);
  });

  it('reports what goes wrong in every run, with its seed', async () => {
    const forgetful = plannedPolicy('forgetful', function* ({ shape, noise }) {
      const length = shape.height * shape.width;
      yield stepPlan('generation', [...Array(length - (noise.uniform() > 0.5 ? 1 : 0)).keys()], 5);
    });
    const messages = async (seed: number) =>
      (await checkPolicy(forgetful, { seed, shapes: [{ height: 4, width: 4 }], knownFraction: 0 })).map(
        ({ message }) => message,
      );
    const forgotten = expect.stringMatching(/^4×4 grid, empty, seed 3: .*names? 1 of the positions nowhere/);
    expect(await messages(3)).toEqual([forgotten]);
    expect(await messages(2)).toEqual([forgotten]);
  });

  it('reports what goes wrong in a repetition alone', async () => {
    let runs = 0;
    const tiring: SamplingPolicy = {
      ...raster(),
      init: (context) => {
        if (++runs === 2) throw new Error('tired');
        return raster().init(context);
      },
    };
    const findings = await checkPolicy(tiring, { shapes: [{ height: 8, width: 8 }], knownFraction: 0 });
    expect(findings[0]).toEqual({
      rule: 'throws',
      severity: 'error',
      message: '8×8 grid, empty, seed 1: the policy threw: tired',
    });
    expect(findings.map(({ rule }) => rule)).toEqual(['throws', 'deterministic']);
  });

  it('reports what is thrown in a sentence', async () => {
    const findings = await checkPolicy(raster({ steps: 150 }));
    expect(findings).toEqual([
      {
        rule: 'throws',
        severity: 'error',
        message:
          '11×13 grid, empty, seed 1, and in 1 other case: the policy threw: steps = 150: each step decodes a token or more, so use at most 143.',
      },
    ]);
  });

  it('reports what can’t be said in words as well', async () => {
    const silent = Object.create(null);
    const throwing: SamplingPolicy = {
      ...raster(),
      init: () => {
        throw silent;
      },
    };
    const shapes = [{ height: 4, width: 4 }];
    expect((await checkPolicy(throwing, { shapes }))[0]).toMatchObject({
      rule: 'throws',
      message: '4×4 grid, empty, seed 1, and in 1 other case: the policy threw: [object Object]',
    });
    const sampler = () => {
      throw silent;
    };
    expect((await checkPolicy(raster({ steps: 4 }), { shapes, sampler }))[0]).toMatchObject({
      rule: 'plan',
      message: expect.stringContaining('(it threw [object Object])'),
    });
    await expect(checkPolicy(raster(), { seed: silent })).rejects.toMatchObject({ code: 'invalid-option' });
  });

  it('takes policies that are instances of a class, as they are', async () => {
    class Backwards implements SamplingPolicy<readonly number[]> {
      get name() {
        return 'backwards';
      }
      init({ known }: PolicyContext) {
        return [...known.keys()].filter((position) => !known[position]);
      }
      step(left: readonly number[]) {
        return [stepPlan('generation', left.slice(-9), 5), left.slice(0, -9)] as const;
      }
    }
    const findings = await checkPolicy(new Backwards());
    expect(findings.map(({ severity }) => severity)).toEqual(['info']);
    const refined = refine(new Backwards(), (plan) => plan);
    expect(refined.name).toBe('backwards');
    expect((await checkPolicy(refined)).map(({ severity }) => severity)).toEqual(['info']);
  });

  it('asks the sampler that it is given which counts of diffusion steps there are', async () => {
    const options = { shapes: [{ height: 4, width: 4 }], sampler: dpmSolverSampler() };
    expect(await checkPolicy(randomOrder({ steps: 4, diffusionSteps: 1 }), options)).toEqual([]);
  });

  it('pauses before every generation', async () => {
    let pauses = 0;
    const pause = async () => {
      pauses++;
    };
    await checkPolicy(randomOrder(), { shapes: [{ height: 8, width: 8 }], pause });
    expect(pauses).toBe(6);
  });

  it('plays refinements as well, those that drop positions too', async () => {
    const oneByOne = refine(
      {
        ...atOnce((positions) => positions),
        step: (_, { grid }) => [
          stepPlan(
            'generation',
            [...grid.known.keys()].filter((p) => !grid.known[p]),
            5,
          ),
          0,
        ],
      },
      (plan) => stepPlan(plan.stage, plan.positions.subarray(0, 40), 5),
    );
    expect(await rules(oneByOne)).toEqual(['info seed']);

    const inventing = refine(raster({ steps: 2 }), (plan) =>
      stepPlan(plan.stage, [...plan.positions, 107], 5),
    );
    expect((await checkPolicy(inventing))[0]!.message).toContain('a refinement added position 107');
  });

  it('tries the grids, the known fraction and the width it is given', async () => {
    const seen = new Set<string>();
    const watching: SamplingPolicy = refine(
      {
        ...raster({ steps: 1 }),
        init: (context) => {
          seen.add(`${context.shape.height}×${context.shape.width} ${context.known.filter(Boolean).length}`);
          return raster({ steps: 1 }).init(context);
        },
      },
      (plan, { conditions }) => {
        seen.add(`D ${conditions.width}`);
        return plan;
      },
    );
    await checkPolicy(watching, {
      shapes: [
        { height: 2, width: 5 },
        { height: 1, width: 1 },
      ],
      knownFraction: 0.5,
      conditionWidth: 12,
    });
    expect([...seen].sort()).toEqual(['1×1 0', '2×5 0', '2×5 5', 'D 12']);
  });

  it.each([
    ['seed', -1],
    ['seed', 1.5],
    ['seed', Number.MAX_SAFE_INTEGER],
    ['knownFraction', Number.NaN],
    ['knownFraction', 2],
    ['knownFraction', -1],
    ['conditionWidth', 0],
    ['shapes', []],
    ['shapes', [{ height: 4, width: 0 }]],
  ])('refuses %s = %j, before it plays anything', async (option, value) => {
    let pauses = 0;
    const pause = async () => {
      pauses++;
    };
    await expect(checkPolicy(raster(), { [option]: value, pause })).rejects.toMatchObject({
      code: 'invalid-option',
      option: expect.stringContaining(option),
    });
    expect(pauses).toBe(0);
  });
});
