import { InvalidOptionError, keyedNoise, shuffle, TesseraError } from '@tessera/core';
import {
  assertSamplingFits,
  parseDocument,
  parseSpec,
  resolveSampling,
  SamplerSpecError,
  type SamplingConfig,
} from '@tessera/format';
import type { LoadedModel } from '@tessera/runtime-node';
import * as v from 'valibot';
import { EvaluationRequestError } from '../evaluation-request-error.js';
import type { Variant } from '../variant.js';
import space from './search-space.json' with { type: 'json' };

const text = v.pipe(v.string(), v.minLength(1));

const schema = v.strictObject({
  format: v.literal('tessera-search-space'),
  version: v.literal(1),
  /** Sampler specs that are always among the candidates. */
  always: v.array(text),
  /** Sampler specs with {NAME} for each choice of that name. */
  specs: v.array(text),
  /** What may stand for {NAME}; nothing, too. */
  choices: v.record(v.string(), v.pipe(v.array(v.string()), v.minLength(1))),
});

/** Ways to sample as data: every spec with every choice in it. */
export type SearchSpace = v.InferOutput<typeof schema>;

/** The space that is searched where none is given: order and pace, head steps, guidance, temperature, residual guidance, correctors. */
export const SEARCH_SPACE: SearchSpace = v.parse(schema, space);

/** @param path names the space in the error. @throws EvaluationRequestError that lists what is wrong with it */
export function parseSearchSpace(json: string, path: string): SearchSpace {
  const fail = (problems: readonly string[]): EvaluationRequestError =>
    new EvaluationRequestError(
      `${path} can't be read as a search space:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
  const space = parseDocument(json, schema, fail);
  const unknown = space.specs.flatMap((spec) =>
    namesIn(spec).filter((name) => !Object.hasOwn(space.choices, name)),
  );
  if (unknown.length > 0) throw fail([...new Set(unknown)].map((name) => `choices: there is no {${name}}`));
  return space;
}

export interface CandidatesOptions {
  readonly model: Pick<LoadedModel, 'manifest' | 'shape' | 'diffusion' | 'reuses'>;
  /** Those of `always` come first, whatever the count. */
  readonly count: number;
  readonly seed: number;
  /** The sampling that no candidate may be. */
  readonly reference: SamplingConfig;
}

/**
 * Candidates of a space that the model can draw, each a way of its own: those of `always`, then others drawn at random.
 *
 * @throws EvaluationRequestError where a spec of the space is none, or no candidate can be drawn
 */
export function candidatesOf(space: SearchSpace, options: CandidatesOptions): Variant[] {
  const found = new Map<string, Variant>();
  const seen = new Set([JSON.stringify(options.reference)]);
  for (const spec of specsInOrder(space, options.seed)) {
    if (found.size >= Math.max(options.count, space.always.length)) break;
    const sampling = samplingOf(spec, options.model);
    const key = JSON.stringify(sampling);
    if (!sampling || seen.has(key)) continue;
    seen.add(key);
    found.set(key, { name: spec, sampling });
  }
  if (found.size === 0) {
    throw new EvaluationRequestError(
      'The model can draw nothing of the search space. Give another one by --space.',
    );
  }
  return [...found.values()];
}

function* specsInOrder({ always, specs, choices }: SearchSpace, seed: number): Generator<string> {
  yield* always;
  const sizes = specs.map((spec) => namesIn(spec).reduce((size, name) => size * choices[name]!.length, 1));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  for (const place of shuffle([...Array(total).keys()], keyedNoise({ seed }).fork('candidates'))) {
    let at = 0;
    let rest = place;
    while (rest >= sizes[at]!) rest -= sizes[at++]!;
    yield specs[at]!.replace(/\{(\w+)\}/g, (_, name: string) => {
      const words = choices[name]!;
      const word = words[rest % words.length]!;
      rest = Math.floor(rest / words.length);
      return word;
    });
  }
}

function namesIn(spec: string): string[] {
  return [...spec.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
}

/** Undefined where this model can't draw it: fewer tokens than steps, no caches. */
function samplingOf(spec: string, model: CandidatesOptions['model']): SamplingConfig | undefined {
  try {
    const sampling = resolveSampling(parseSpec(spec), model.manifest.sampling);
    assertSamplingFits(sampling, model);
    return sampling;
  } catch (error) {
    if (InvalidOptionError.isInstance(error)) return undefined;
    if (TesseraError.isInstance(error) && error.code === 'reuse-unsupported') return undefined;
    if (error instanceof SamplerSpecError) {
      throw new EvaluationRequestError(`The search space has a spec that is none. ${error.message}`);
    }
    throw error;
  }
}
