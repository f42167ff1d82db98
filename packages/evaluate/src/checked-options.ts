import { InvalidOptionError } from '@tessera/core';
import { assertInteger, assertNumber, assertShape } from '@tessera/core/model';
import { assertConfidence } from './centred-interval.js';
import type { DrawingOptions, EvaluateOptions } from './evaluation-options.js';
import type { ComparedMetric } from './evaluation-report.js';
import { assertSharedLabel } from './kernel-reference.js';
import { assertFeatures } from './moments.js';
import { LEAST_PICTURES } from './precision-recall.js';
import type { PromptSet } from './scene-prompts.js';

/** What variants are compared in; pictures without prompts, or by a network that finds no things, have no score. */
export const METRICS: readonly ComparedMetric[] = ['frechet', 'kid', 'recall', 'score'];

/** The fewest that say where an interval of the usual confidence ends. */
export const LEAST_RESAMPLES = 100;

/** So that five of them lie outside the interval. */
function leastResamples(confidence: number): number {
  return Math.max(LEAST_RESAMPLES, Math.round(5 / (1 - confidence)));
}

type StorelessOptions = Omit<EvaluateOptions, 'store'>;

/** Options with nothing left to a default. */
export type CheckedOptions<Options extends StorelessOptions> = Options &
  Required<
    Pick<EvaluateOptions, 'seed' | 'batch' | 'resamples' | 'confidence' | 'splits' | 'margins' | 'compare'>
  >;

/**
 * What `evaluate` asks of its options, for callers that make a store first.
 *
 * @throws InvalidOptionError as `evaluate` does before anything is drawn, ShapeMismatchError where arrays don't fit,
 *   NonFiniteError where a feature of the reference is not finite
 */
export function assertEvaluateOptions(options: StorelessOptions): void {
  checkedOptions(options);
}

/** The options with their defaults, where they pass {@link assertEvaluateOptions}. */
export function checkedOptions<Options extends StorelessOptions>(options: Options): CheckedOptions<Options> {
  const { variants, classes, n, network, reference } = options;
  const [first = '', ...others] = variants.map(({ name }) => name);
  const chosen = {
    ...options,
    seed: options.seed ?? 0,
    batch: options.batch ?? 12,
    resamples: options.resamples ?? 1000,
    confidence: options.confidence ?? 0.95,
    splits: options.splits ?? 10,
    margins: options.margins ?? {},
    compare: options.compare ?? others.map((name) => [name, first] as const),
  };
  assertDrawing(chosen);
  assertInteger('n', n, leastPictures(classes));
  if (options.prompts) assertSkills(options.prompts, classes);
  const names = new Set([first, ...others]);
  for (const [arm, against] of chosen.compare) {
    for (const name of [arm, against]) {
      if (!names.has(name))
        throw new InvalidOptionError('compare', name, `there is no such arm among ${[...names]}`);
    }
    if (arm === against)
      throw new InvalidOptionError('compare', arm, 'a variant is compared with another one');
  }
  assertConfidence(chosen.confidence);
  assertInteger('resamples', chosen.resamples, leastResamples(chosen.confidence));
  assertInteger('splits', chosen.splits, 1);
  for (const [metric, margin] of Object.entries(chosen.margins)) {
    if (!METRICS.some((each) => each === metric))
      throw new InvalidOptionError('margins', metric, `a metric is one of ${METRICS.join(', ')}`);
    assertNumber(`margins.${metric}`, margin, 0);
  }
  const count = Math.floor(reference.features.length / reference.width);
  assertShape('reference.features [m, width]', reference.features, [count, network.width]);
  assertEnoughReal(count);
  assertFeatures('the reference', reference.features, reference.width);
  if (reference.labels) {
    assertShape('reference.labels [m]', reference.labels, [count]);
    assertSharedLabel('the reference', reference.labels);
  }
  return chosen;
}

/** Picture k is of skill k mod skills, whatever its prompt. */
function assertSkills({ skills, prompts }: PromptSet, classes: number): void {
  if (skills.length !== classes) {
    throw new InvalidOptionError('classes', classes, `there are ${skills.length} skills`);
  }
  if (prompts.length % skills.length !== 0) {
    throw new InvalidOptionError(
      'prompts',
      prompts.length,
      `must be equally many of ${skills.length} skills`,
    );
  }
}

/** Throws InvalidOptionError where variants can't be drawn, or would share what a store keeps under a name. */
export function assertDrawing({
  variants,
  classes,
  n,
  seed,
  batch,
}: Pick<DrawingOptions, 'variants' | 'classes' | 'n' | 'seed' | 'batch'>): void {
  if (variants.length === 0) throw new InvalidOptionError('variants', '[]', 'give at least one');
  const names = variants.map(({ name }) => name);
  if (new Set(names).size < names.length)
    throw new InvalidOptionError('variants', names.join(', '), 'every variant needs a name of its own');
  assertInteger('classes', classes, 1);
  assertInteger('n', n, 1);
  assertInteger('seed', seed, 0);
  assertInteger('batch', batch, 1);
}

/** How many pictures of a variant can be measured: two of each class, and as many as precision and recall need. */
export function leastPictures(classes: number): number {
  return Math.max(2 * classes, LEAST_PICTURES);
}

/** Baselines need two parts. */
function assertEnoughReal(count: number): void {
  if (count >= 2 * LEAST_PICTURES) return;
  throw new InvalidOptionError('reference', `${count} pictures`, `${2 * LEAST_PICTURES} are the least`);
}
