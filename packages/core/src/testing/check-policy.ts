import { ancestralSampler } from '../diffusion/ancestral-sampler.js';
import type { DiffusionSampler } from '../diffusion/diffusion-sampler.js';
import type { SamplerCoefficients } from '../diffusion/sampler-coefficients.js';
import { assertInteger, assertNumber, InvalidOptionError, TesseraError, wordsOf } from '../errors.js';
import { generate } from '../generate.js';
import type { Progress } from '../generation.js';
import { emptyGrid, type GridShape, gridLength, type TokenGrid } from '../grid.js';
import { type StepPlan, stepLimit } from '../plan.js';
import type { SamplingPolicy } from '../policy.js';
import { fakeModel } from './fake-model.js';
import { snapshot } from './snapshot.js';

/** What `checkPolicy` looks for; a finding names the rule that is broken. */
export type PolicyRule =
  /** Nothing throws. */
  | 'throws'
  /** Every plan, refined or not, can be carried out, so that every position is decoded exactly once. */
  | 'plan'
  /** The run ends: its steps do not remask for ever what others decode. */
  | 'ends'
  /** `step` changes nothing that it is given, and remembers nothing outside its state; no refinement changes the grid. */
  | 'pure'
  /** The same noise gives the same plans. */
  | 'deterministic'
  /** Another seed gives other plans. No fault where the order is meant to be fixed, so only ever `info`. */
  | 'seed'
  /** Each stage that a refinement is bound to comes up. If not, the refinement never acts, which is `info`. */
  | 'stage';

/** One thing that `checkPolicy` found. Plain data. */
export interface PolicyFinding {
  readonly rule: PolicyRule;
  /** `error`: generations fail or can't be repeated. `info`: worth knowing. */
  readonly severity: 'error' | 'info';
  /** A sentence that says what was found, where, and what to do. A fault of several runs is reported once, with their number. */
  readonly message: string;
}

export interface CheckPolicyOptions {
  /** The grids to try, one at least. @default 16×16, 11×13 and 8×24 */
  readonly shapes?: readonly Pick<GridShape, 'height' | 'width'>[];
  /** How much of the grid is known from the start in the runs that try editing, 0 … 1; 0 for none. @default 0.25 */
  readonly knownFraction?: number;
  /** D of the made-up conditions that refinements are shown. @default 64 */
  readonly conditionWidth?: number;
  /** Of two runs; a third has the next one. @default 1 */
  readonly seed?: number;
  /** The sampler that the policy is for: it says which counts of diffusion steps can be had. @default ancestralSampler() */
  readonly sampler?: DiffusionSampler;
  /**
   * Awaited before every generation, for hosts that have other things to do meanwhile: a promise that resolves once they
   * are done. @default none
   */
  readonly pause?: () => Promise<void>;
}

const SHAPES = [
  { height: 16, width: 16 },
  { height: 11, width: 13 },
  { height: 8, width: 24 },
];

/**
 * Plays a policy, with its refinements, through whole generations on a made-up model: on square, odd and oblong grids,
 * empty ones and partly known ones. Reports what goes wrong in plain sentences; whatever the policy does, it throws
 * nothing itself. With no `error` among the findings, every run ended, and every position was decoded once more than it
 * was remasked. It needs no test runner.
 *
 * ```ts
 * for (const { severity, message } of await checkPolicy(halton())) console.log(severity, message);
 * ```
 *
 * @throws InvalidOptionError where one of its own options is out of range
 */
export async function checkPolicy(
  policy: SamplingPolicy,
  options: CheckPolicyOptions = {},
): Promise<readonly PolicyFinding[]> {
  const { shapes, knownFraction, seed, pause, ...playing } = checkedOptions(options);
  const faults = new Map<string, Fault>();
  const stages = new Set<string>();
  let sameForAnySeed = true;
  const fractions = knownFraction > 0 ? [0, knownFraction] : [0];
  for (const { height, width } of shapes) {
    for (const fraction of fractions) {
      const start = partlyKnown({ height, width, channels: 1 }, fraction);
      const grid = `${height}×${width} grid, ${fraction === 0 ? 'empty' : 'partly known'}`;
      const report = (playSeed: number, { rule, message }: Problem): void => {
        const key = `${rule} ${message.replace(/\d+/g, '#')}`;
        const where = `${grid}, seed ${playSeed}`;
        const fault = faults.get(key) ?? { rule, message, where, others: -1 };
        faults.set(key, { ...fault, others: fault.others + 1 });
      };
      const play = async (playSeed: number): Promise<Played> => {
        await pause?.();
        const played = await playThrough(policy, start, playSeed, playing);
        for (const problem of played.problems) report(playSeed, problem);
        for (const stage of played.stages) stages.add(stage);
        return played;
      };
      const first = await play(seed);
      if (first.problems.length > 0) continue;
      if ((await play(seed)).plans !== first.plans) {
        report(seed, {
          rule: 'deterministic',
          message:
            'two runs with the same noise made different plans. Take all randomness from the noise given to init.',
        });
      }
      const other = await play(seed + 1);
      sameForAnySeed &&= other.plans === first.plans;
    }
  }
  const findings = [...faults.values()].map(({ rule, message, where, others }): PolicyFinding => {
    const also = others === 0 ? '' : `, and in ${others} other ${others === 1 ? 'case' : 'cases'}`;
    return { rule, severity: 'error', message: `${where}${also}: ${message}` };
  });
  if (findings.length > 0) return findings;
  if (sameForAnySeed) {
    const message =
      'Every seed gives the same plans: the order is fixed, or the noise given to init goes unused.';
    findings.push({ rule: 'seed', severity: 'info', message });
  }
  for (const { stage } of policy.refinements ?? []) {
    if (stage === undefined || stages.has(stage)) continue;
    const names = [...stages].map((name) => `"${name}"`).join(', ');
    const message = `No plan has the stage "${stage}", so a refinement bound to it never acts. The stages are ${names}.`;
    findings.push({ rule: 'stage', severity: 'info', message });
  }
  return findings;
}

/** With nothing left to a default. */
function checkedOptions(options: CheckPolicyOptions) {
  const {
    shapes = SHAPES,
    knownFraction = 0.25,
    conditionWidth = 64,
    seed = 1,
    sampler = ancestralSampler(),
    pause,
  } = options;
  if (shapes.length === 0) throw new InvalidOptionError('shapes', '[]', 'must hold a grid to try');
  for (const [i, { height, width }] of shapes.entries()) {
    assertInteger(`shapes[${i}].height`, height, 1);
    assertInteger(`shapes[${i}].width`, width, 1);
  }
  assertNumber('knownFraction', knownFraction, 0, 1);
  assertInteger('conditionWidth', conditionWidth, 1);
  // The next seed is played as well.
  assertInteger('seed', seed, 0, Number.MAX_SAFE_INTEGER - 1);
  return { shapes, knownFraction, conditionWidth, seed, sampler, pause };
}

type Problem = Pick<PolicyFinding, 'rule' | 'message'>;

/** A problem, and where it was met. */
interface Fault extends Problem {
  /** The first case. */
  readonly where: string;
  /** How many cases met it after that. */
  readonly others: number;
}

interface Played {
  readonly problems: readonly Problem[];
  /** A text that is equal for equal plans. */
  readonly plans: string;
  readonly stages: ReadonlySet<string>;
}

async function playThrough(
  policy: SamplingPolicy,
  start: TokenGrid,
  seed: number,
  { conditionWidth, sampler }: { readonly conditionWidth: number; readonly sampler: DiffusionSampler },
): Promise<Played> {
  const problems: Problem[] = [];
  const plans: StepPlan[] = [];
  const limit = stepLimit(gridLength(start.shape));
  const model = fakeModel({ shape: start.shape, width: conditionWidth });
  try {
    const run = generate({
      model,
      requests: [{ seed, input: { classLabel: 0 }, start }],
      policy: observed(policy, (message) => problems.push({ rule: 'pure', message })),
      sampler(diffusionSteps, diffusion) {
        sampler(diffusionSteps, diffusion);
        return ONE_STEP;
      },
    });
    for await (const event of run) {
      if (event.type !== 'step-end') continue;
      plans.push(...event.batch.map((image) => image.plan));
      if (plans.length === limit && event.progress.tokensDecoded < event.progress.tokens)
        problems.push({ rule: 'ends', message: endless(event.progress, limit) });
      if (problems.length > 0) break;
    }
  } catch (error) {
    const rule = TesseraError.isInstance(error) && error.code === 'invalid-plan' ? 'plan' : 'throws';
    const sentence = wordsOf(error);
    problems.push({ rule, message: rule === 'plan' ? sentence : `the policy threw: ${sentence}` });
  } finally {
    await model.dispose();
  }
  return { problems, plans: snapshot(plans), stages: new Set(plans.map(({ stage }) => stage)) };
}

function endless({ tokens, tokensDecoded }: Progress, limit: number): string {
  const left = tokens - tokensDecoded;
  return `the run has not ended after ${limit} steps, with ${left} tokens masked. Remask fewer tokens as the run goes on.`;
}

/** The cheapest coefficients there are: how tokens are sampled is of no interest here. */
const ONE_STEP: SamplerCoefficients = {
  name: 'one step',
  steps: [
    {
      timestep: 0,
      xStart: { x: 1, output: 1 },
      update: { x: 0, xStart: 1, previousXStarts: [] },
      noise: { kind: 'none' },
    },
  ],
};

/** `policy` with each step repeated and compared, and all that it is given looked at before and after. */
function observed(policy: SamplingPolicy, impure: (message: string) => void): SamplingPolicy {
  const { name, refinements = [] } = policy;
  return {
    name,
    refinements: refinements.map((refinement) => async (plan, seen) => {
      const gridBefore = snapshot(seen.grid);
      const refined = await refinement(plan, seen);
      if (snapshot(seen.grid) !== gridBefore)
        impure(`a refinement changed the grid it was shown at step ${seen.step}.`);
      return refined;
    }),
    init(context) {
      const before = snapshot(context.known);
      const state = policy.init(context);
      if (snapshot(context.known) !== before)
        impure('init changed the known tokens it was given. Copy them first.');
      return state;
    },
    stepsLeft: (state) => policy.stepsLeft?.(state),
    step(state, seen) {
      const stateBefore = snapshot(state);
      const gridBefore = snapshot(seen.grid);
      const result = policy.step(state, seen);
      const again = policy.step(state, seen);
      const at = `step ${seen.step}`;
      if (snapshot(state) !== stateBefore) impure(`${at} changed the state it was given. Return a new one.`);
      if (snapshot(seen.grid) !== gridBefore) impure(`${at} changed the grid it was shown.`);
      // By `?.` since a faulty policy may return anything; what it returns is judged where it is carried out.
      if (snapshot(again?.[0]) !== snapshot(result?.[0])) {
        impure(
          `${at}, called twice with one state, made two different plans. Keep all it needs in the state.`,
        );
      }
      return result;
    },
  };
}

/** A grid of which a block of rows from the top, but never all, is known. */
function partlyKnown(shape: GridShape, fraction: number): TokenGrid {
  const grid = emptyGrid(shape);
  const length = gridLength(shape);
  grid.known.fill(1, 0, Math.min(length - 1, Math.floor(fraction * length)));
  return grid;
}
