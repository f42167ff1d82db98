import { readFile } from 'node:fs/promises';
import { decodeText, parseDocument, parseSpec, resolveSampling } from '@tessera/format';
import * as v from 'valibot';
import type { ModelInUse } from '../environment.js';
import { EvaluationRequestError } from '../evaluation-request-error.js';
import type { Variant } from '../variant.js';

const text = v.pipe(v.string(), v.minLength(1));
const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const margin = v.pipe(v.number(), v.minValue(0));

const curves = v.array(
  v.strictObject({
    title: text,
    /** A name may be left out where there is one line. */
    lines: v.pipe(
      v.array(
        v.strictObject({
          name: v.exactOptional(text),
          /** A value of the parameter, and the variant's name. */
          points: v.pipe(v.array(v.tuple([text, text])), v.minLength(2)),
        }),
      ),
      v.minLength(1),
    ),
  }),
);

/** Plots of quality by a parameter, each of one or more lines through variants. */
export type Curves = v.InferOutput<typeof curves>;

const schema = v.strictObject({
  format: v.literal('tessera-study'),
  version: v.literal(1),
  /** Names the study's files. */
  id: v.pipe(v.string(), v.regex(/^[a-z0-9-]+$/, 'must be of lower-case letters, digits and hyphens')),
  title: text,
  question: text,
  /** What others have found, and where. */
  claim: text,
  /** What differs between the variants, and what does not. What was added after a result is named here. */
  method: text,
  /** What draws, as `--model` takes it. @default the embedded model of classes */
  model: v.optional(text),
  /** Pictures of each variant. */
  n: count,
  seed: v.pipe(v.number(), v.integer(), v.minValue(0)),
  /** Pictures drawn at once. */
  batch: count,
  resamples: v.optional(count),
  /** Differences that don't matter. @default those of the feature network */
  margins: v.optional(
    v.strictObject({
      frechet: v.exactOptional(margin),
      kid: v.exactOptional(margin),
      recall: v.exactOptional(margin),
      score: v.exactOptional(margin),
    }),
  ),
  /** Ways to sample: the name in tables and plots, and the sampler spec. */
  variants: v.pipe(v.array(v.strictObject({ name: text, sampler: text })), v.minLength(1)),
  /** Pairs of names: the first is compared with the second. @default every variant with the first */
  comparisons: v.optional(v.array(v.tuple([text, text]))),
  /** What is plotted by its parameters. @default nothing */
  curves: v.optional(curves),
  /** Whether the variants are timed as well, one picture at a time and in turn. @default false */
  timed: v.optional(v.boolean()),
  /** What people conclude from the results. */
  conclusions: v.optional(
    v.strictObject({
      /** The fingerprint of the results that they were drawn from, as the page gives it. */
      basis: v.string(),
      /** Lines of Markdown. */
      text: v.array(v.string()),
    }),
  ),
});

/** A question that is answered by drawing, as a JSON file. */
export type Study = v.InferOutput<typeof schema>;

/**
 * Reads a study from a file.
 *
 * @throws EvaluationRequestError that lists what is wrong with it
 */
export async function readStudy(path: string): Promise<Study> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch {
    throw new EvaluationRequestError(`There is no study at ${path}.`);
  }
  return parseStudy(decodeText(bytes, path), path);
}

/** @param path names the study in the error */
export function parseStudy(json: string, path: string): Study {
  const fail = (problems: readonly string[]): EvaluationRequestError =>
    new EvaluationRequestError(
      `${path} can't be read as a study:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
    );
  const study = parseDocument(json, schema, fail);
  const problems = problemsOf(study);
  if (problems.length > 0) throw fail(problems);
  return study;
}

/** What no schema can say. */
function problemsOf({ variants, comparisons = [], curves = [] }: Study): string[] {
  const names = variants.map(({ name }) => name);
  const twice = names.filter((name, i) => names.indexOf(name) !== i);
  const unknown = (place: string, used: readonly string[]): string[] =>
    [...new Set(used)]
      .filter((name) => !names.includes(name))
      .map((name) => `${place}: there is no variant "${name}"`);
  const curvePoints = curves.flatMap(({ lines }) => lines.flatMap(({ points }) => points));
  return [
    ...twice.map((name) => `variants: "${name}" is there twice`),
    ...unknown('comparisons', comparisons.flat()),
    ...unknown(
      'curves',
      curvePoints.map(([, variant]) => variant),
    ),
  ];
}

/** A study's variants with all that the model advises. */
export function variantsOf(
  { variants }: Study,
  { manifest }: Pick<ModelInUse['model'], 'manifest'>,
): Variant[] {
  const advised = manifest.sampling;
  return variants.map(({ name, sampler }) => ({
    name,
    sampling: resolveSampling(parseSpec(sampler), advised),
  }));
}

/** The name of a folder for the pictures of all studies of one model, seed, device and batch. */
export function sharedFolder(
  { identity, made }: ModelInUse,
  { seed, batch }: Pick<Study, 'seed' | 'batch'>,
): string {
  const sha256 = identity.sha256.slice(0, 12);
  return [identity.name, sha256, `seed-${seed}`, made.device, made.dtype, `batch-${batch}`].join('-');
}
