import {
  cosineNoiseSchedule,
  type RespacedSchedule,
  respacedSchedule,
  respaceTimesteps,
  solverLevels,
} from '@tessera/core/diffusion';
import { type Check, compare, compareRelative } from '../compare.js';
import type { GoldenCase } from '../golden-case.js';
import { GoldenDataError } from '../golden-data-error.js';
import type { JsonFields } from '../json-fields.js';
import { TOLERANCES } from '../tolerances.js';

/** The recorded arrays' names. */
const ARRAYS: Readonly<Record<string, (schedule: RespacedSchedule) => ArrayLike<number>>> = {
  betas: (schedule) => schedule.betas,
  log_betas: (schedule) => schedule.logBetas,
  alphas_cumprod: (schedule) => schedule.alphasCumprod,
  alphas_cumprod_prev: (schedule) => schedule.alphasCumprodPrevious,
  sqrt_recip_alphas_cumprod: (schedule) => schedule.sqrtRecipAlphasCumprod,
  sqrt_recipm1_alphas_cumprod: (schedule) => schedule.sqrtRecipM1AlphasCumprod,
  posterior_mean_coef1: (schedule) => schedule.posteriorMeanCoef1,
  posterior_mean_coef2: (schedule) => schedule.posteriorMeanCoef2,
  posterior_variance: (schedule) => schedule.posteriorVariance,
  posterior_log_variance_clipped: (schedule) => schedule.posteriorLogVarianceClipped,
};

/** Relative errors of numbers below this count as if it stood there. */
const FLOOR = 1e-6;

const TIMESTEPS_ONLY = '_timesteps_only';

/** Whether a JSON file holds schedules by respacing. */
export function holdsSchedules(file: JsonFields): boolean {
  return Object.entries(file.values).some(
    ([name, value]) =>
      name === TIMESTEPS_ONLY || (typeof value === 'object' && value !== null && 'num_timesteps' in value),
  );
}

/** Schedules by respacing: every array of each, timesteps exactly. */
export async function replaySchedule({ fields, json }: GoldenCase): Promise<readonly Check[]> {
  const file = await json(fields.text('file'));
  if (file.has('shift')) return checkFlows(fields, file);
  return file.names.flatMap((name) =>
    name === TIMESTEPS_ONLY ? checkTimesteps(file.object(name)) : checkRespacing(name, file.object(name)),
  );
}

/** The timesteps and σ of flows, by their number of steps: those of the case's shift. */
function checkFlows(fields: JsonFields, file: JsonFields): Check[] {
  const trainSteps = file.number('num_train_timesteps');
  const flow = {
    prediction: 'velocity',
    trainSteps,
    finalSigma: Math.fround(1 / trainSteps),
    wholeTimesteps: [2],
  } as const;
  const recorded = file.object('shift').object(fields.text('shift'));
  return recorded.names.flatMap((count) => {
    const { levels, end } = solverLevels(count, flow);
    const sigmas = [...levels.map(({ sigma }) => sigma), end.sigma];
    const t = levels.map(({ timestep }) => timestep);
    return [
      compareRelative(`${count} steps: t`, t, recorded.object(count).numbers('t'), TOLERANCES.ulp, FLOOR),
      compareRelative(
        `${count} steps: σ`,
        sigmas,
        recorded.object(count).numbers('sigma'),
        TOLERANCES.ulp,
        FLOOR,
      ),
    ];
  });
}

function checkTimesteps(timesteps: JsonFields): Check[] {
  return timesteps.names.map((respacing) =>
    compare(
      `timesteps of "${respacing}"`,
      respaceTimesteps(respacing),
      timesteps.numbers(respacing),
      TOLERANCES.exact,
    ),
  );
}

function checkRespacing(respacing: string, recorded: JsonFields): Check[] {
  const schedule = respacedSchedule(respacing);
  const checks = recorded.names.map((name) => {
    const what = `"${respacing}" ${name}`;
    if (name === 'num_timesteps') {
      return compare(what, [schedule.timesteps.length], [recorded.number(name)], TOLERANCES.exact);
    }
    const expected = recorded.numbers(name);
    if (name === 'timestep_map') return compare(what, schedule.timesteps, expected, TOLERANCES.exact);
    const array = ARRAYS[name];
    if (!array) throw new GoldenDataError(`${what} is not an array that is known here.`);
    return compareRelative(what, array(schedule), expected, TOLERANCES.schedule, FLOOR);
  });
  if (respacing !== '') return checks;
  const { betas, alphasCumprod } = cosineNoiseSchedule();
  return [
    ...checks,
    compareRelative('training betas', betas, recorded.numbers('betas'), TOLERANCES.schedule, FLOOR),
    compareRelative(
      'training alphas_cumprod',
      alphasCumprod,
      recorded.numbers('alphas_cumprod'),
      TOLERANCES.schedule,
      FLOOR,
    ),
  ];
}
