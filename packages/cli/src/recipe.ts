import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { TesseraError } from '@tessera/core';
import type { Manifest } from '@tessera/onnx';
import * as v from 'valibot';
import type { Picture } from './pictures.js';
import { readPng } from './png-file.js';
import { type SamplingDescription, samplingSchema } from './sampling-description.js';

const index = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const schema = v.strictObject({
  format: v.literal('tessera-recipe'),
  version: v.literal(1),
  model: v.strictObject({
    name: v.string(),
    /** `embedded`, or the folder or address as it was given. */
    location: v.string(),
    /** Of the manifest, which holds the hash of every file of the model; see {@link manifestHash}. */
    sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  }),
  seed: index,
  sampling: samplingSchema,
  /** What the pictures were made with; another machine may differ in the last bit of a colour. */
  made: v.strictObject({
    device: v.string(),
    dtype: v.string(),
    versions: v.record(v.string(), v.string()),
  }),
  images: v.array(v.strictObject({ index, classLabel: index, className: v.string(), file: v.string() })),
});

/** Everything needed to make the same pictures again: `recipe.json`. */
export type Recipe = v.InferOutput<typeof schema>;

/** A recipe can't be read, or is another one than what lies in the folder. */
export class RecipeError extends TesseraError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('recipe', message, options);
  }
}

export function recipeOf(parts: {
  readonly model: Recipe['model'];
  readonly seed: number;
  readonly sampling: SamplingDescription;
  readonly made: Recipe['made'];
  readonly pictures: readonly Picture[];
}): Recipe {
  const { pictures, ...rest } = parts;
  return { format: 'tessera-recipe', version: 1, ...rest, images: [...pictures] };
}

/** The part of a recipe that makes one of its pictures. */
export function recipeFor(recipe: Recipe, picture: Picture): Recipe {
  return { ...recipe, images: [picture] };
}

/** SHA-256 of a manifest's JSON with keys in alphabetical order and no spaces, in hexadecimal digits. */
export function manifestHash(manifest: Manifest): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(manifest)))
    .digest('hex');
}

/** Reads a recipe from `recipe.json`, or from a picture, which carries its own. */
export async function readRecipe(path: string): Promise<Recipe> {
  let json: string;
  try {
    json = /\.png$/i.test(path) ? ((await readPng(path)).recipe ?? '') : await readFile(path, 'utf8');
  } catch (cause) {
    if (TesseraError.isInstance(cause)) throw cause;
    throw new RecipeError(`The recipe ${path} can't be read: ${messageOf(cause)}`, { cause });
  }
  if (json === '') throw new RecipeError(`The picture ${path} carries no recipe.`);
  return parseRecipe(json, path);
}

/** @param from where the JSON comes from, for messages */
export function parseRecipe(json: string, from: string): Recipe {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new RecipeError(`${from} is not a recipe: ${messageOf(cause)}`, { cause });
  }
  const newer = value as { format?: unknown; version?: unknown } | null;
  if (newer?.format === 'tessera-recipe' && typeof newer.version === 'number' && newer.version > 1) {
    throw new RecipeError(
      `${from} is a recipe of version ${newer.version}; this tessera knows version 1. Update it.`,
    );
  }
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const problems = result.issues.map((issue) => `  - ${v.getDotPath(issue) ?? 'recipe'}: ${issue.message}`);
  throw new RecipeError(`${from} is not a recipe:\n${problems.join('\n')}`);
}

/**
 * What makes two recipes give different pictures, a line each, e.g. `sampling.policy.steps: 64 → 32`. Which pictures
 * they list does not count, nor what they were made with.
 */
export function differences(before: Recipe, after: Recipe): string[] {
  const relevant = ({ model, seed, sampling }: Recipe) =>
    flattened({ model: { name: model.name, sha256: model.sha256.slice(0, 12) }, seed, sampling });
  const old = relevant(before);
  const now = relevant(after);
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((key) => old.get(key) !== now.get(key))
    .map((key) => `${key}: ${old.get(key) ?? 'none'} → ${now.get(key) ?? 'none'}`);
}

function flattened(value: unknown, path = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return new Map([[path, JSON.stringify(value)]]);
  }
  return new Map(
    Object.entries(value).flatMap(([key, part]) => [...flattened(part, path ? `${path}.${key}` : key)]),
  );
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, sorted(part)]),
  );
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
