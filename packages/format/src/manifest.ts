import { InvalidOptionError, TesseraError } from '@tessera/core';
import * as v from 'valibot';
import { diffusionFrom, diffusionSchema, MAR_DIFFUSION } from './diffusion-description.js';
import { withCurrentNames } from './former-component-names.js';
import { isHtml } from './html-page.js';
import { parseDocument } from './parse-document.js';
import { adviseSampling } from './resolve-sampling.js';
import { guidanceSchema } from './sampling-config.js';

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const scale = v.pipe(v.number(), v.finite(), v.minValue(0));
/** A path inside the model folder: relative, forward slashes, no way out. */
const path = v.pipe(
  v.string(),
  v.regex(/^[\w.-]+(\/[\w.-]+)*$/, 'must be a relative path with forward slashes'),
  v.check((value) => !value.split('/').includes('..'), 'must not leave the folder'),
);

/** What weights are stored as; with int8 and int4, matrix products are of integers too. */
export const STORAGE_TYPES = ['fp32', 'fp16', 'int8', 'int4'] as const;

const storageType = v.picklist(STORAGE_TYPES);

const component = v.strictObject({
  /** The graph. */
  path,
  /** Files with its weights, where they are not inside the graph; each lies beside it. */
  data: v.optional(v.array(path)),
});

/** The graphs that each family has beside those of the head and the autoencoder. */
const FAMILY_COMPONENTS = {
  mar: ['transformer'],
  lightgen: ['text', 'positions', 'tokenEncoder', 'tokenDecoder', 'cross'],
  nitro: ['text', 'transformer'],
} as const;

export type Family = keyof typeof FAMILY_COMPONENTS;

/** The graphs of a model, of any family. */
const components = v.strictObject({
  transformer: v.optional(component),
  text: v.optional(component),
  positions: v.optional(component),
  tokenEncoder: v.optional(component),
  tokenDecoder: v.optional(component),
  cross: v.optional(component),
  /** What the empty prompt makes of the text side, for families whose null text it is. */
  nullText: v.optional(component),
  textEncoder: v.optional(component),
  /** Of a text, a token of the whole picture. */
  globalToken: v.optional(component),
  embed: component,
  project: component,
  modulate: component,
  denoise: component,
  chain: v.optional(component),
  decoder: v.optional(component),
  encoder: v.optional(component),
  'transformer-cached': v.optional(component),
  'modulate-cached': v.optional(component),
  'denoise-outer': v.optional(component),
  'denoise-cached': v.optional(component),
});

export const COMPONENT_NAMES = Object.keys(components.entries) as ComponentName[];

const classes = v.strictObject({
  kind: v.literal('class'),
  count,
  /** One name a class. */
  names: v.optional(v.array(v.string())),
});

const text = v.strictObject({
  kind: v.literal('text'),
  /** Rows of a prompt. */
  length: count,
  /** Width of the text encoder's rows. */
  width: count,
  /** The folder's own text encoder, of which `textEncoder` is the graph; without one, prompts are given as features. */
  encoder: v.optional(
    v.strictObject({
      /** A `tokenizer.json` as Hugging Face's tokenizers read it. */
      tokenizer: path,
      /** The token that fills up the rows. */
      padding: v.pipe(v.number(), v.integer(), v.minValue(0)),
      /** Tokens that a prompt is padded or cut to, where its rows are more: those of a memory follow. @default length */
      tokens: v.optional(count),
      /** Whether the last token of a text ends it, and stays where a text is cut. @default true */
      endToken: v.optional(v.boolean()),
    }),
  ),
});

const schema = v.strictObject({
  format: v.literal('tessera-mar'),
  version: v.literal(1),
  /**
   * How its transformer is built, and so what graphs its variants have. Fields that older manifests lack stay absent: recipes
   * know a model by the hash of its manifest. @default 'mar'
   */
  family: v.optional(v.picklist(Object.keys(FAMILY_COMPONENTS) as Family[])),
  name: v.pipe(v.string(), v.minLength(1)),
  licence: v.string(),
  /** Where the weights come from: a name, a checksum, an address. */
  source: v.string(),
  /** Which copy of the checkpoint's weights was taken; `unknown` for the only one, under names that don't tell. */
  weights: v.optional(v.picklist(['raw', 'averaged', 'unknown'])),
  /** The token grid: `height`·`width` positions with `channels` = `latents.channels`·`latents.patchSize`² values. */
  grid: v.strictObject({ height: count, width: count, channels: count }),
  /** What its pictures are asked for by. */
  condition: v.variant('kind', [classes, text]),
  /** Row widths: encoder E, decoder D (the width of z), head W. */
  widths: v.strictObject({ encoder: count, decoder: count, head: count }),
  /** Residual blocks of the head; the modulation is (3·headDepth + 2)·W wide. */
  headDepth: count,
  /** Of `transformer-cached`. Present where there are all graphs that take from earlier steps, and absent where there is none. */
  caches: v.optional(
    v.strictObject({
      /** Rows of the class before those of the tokens. */
      buffer: v.pipe(v.number(), v.integer(), v.minValue(0)),
      encoderBlocks: count,
      decoderBlocks: count,
      /** The decoder block, from 0, after whose attention rows are dropped. */
      cutBlock: v.pipe(v.number(), v.integer(), v.minValue(0)),
    }),
  ),
  /** Diffusion steps of `chain`, a graph that takes all of them where nothing asks for what is between. */
  chainSteps: v.optional(count),
  /**
   * A model that draws all positions in one step: a token of the whole picture comes first, in `globalSteps` diffusion steps, and
   * the head's blocks attend from position to position.
   */
  joint: v.optional(v.strictObject({ globalSteps: count })),
  latents: v.strictObject({
    channels: count,
    patchSize: count,
    /** The decoder takes latents divided by this (0.2325 for KL-16). */
    scale: v.pipe(v.number(), v.finite(), v.gtValue(0)),
    /** What is added after that (0.0609 for the autoencoder of Stable Diffusion 3). @default 0 */
    shift: v.optional(v.pipe(v.number(), v.finite())),
    /** Pixels a latent cell spans, in each direction. */
    stride: count,
    /** How bytes are made of what the decoder gives. @default to the nearest */
    rounding: v.optional(v.literal('down')),
  }),
  /** Sizes that models of the family LightGen have alone. */
  lightgen: v.optional(
    v.strictObject({
      /** Blocks of the cross-attention stage. */
      crossDepth: count,
      /** Rows and columns of the position tables, and what is added to a grid's side before they are scaled to it. */
      positionSide: count,
      positionOffset: scale,
    }),
  ),
  /** What the head was trained on. Absent in older manifests, whose heads are MAR's. */
  diffusion: v.optional(diffusionSchema, MAR_DIFFUSION),
  /** What the authors advise. */
  sampling: v.strictObject({
    guidance: guidanceSchema,
    temperature: scale,
    /** Limits of x0: ±c, or ±c[i] for channel i. Absent where the head needs none. */
    clamp: v.optional(v.union([scale, v.array(scale)])),
    /** The sampler of the head where a spec names none: `euler` for one that predicts the velocity. @default 'ancestral' */
    sampler: v.optional(v.picklist(['ancestral', 'euler', 'heun'])),
    /**
     * The sampler spec that is used unless another one is asked for, e.g. `gtr-fast/guidance=off`. Guidance, temperature
     * and clamp above are those of every spec that gives none. @default 'gtr-32'
     */
    advice: v.optional(v.string()),
  }),
  /** The same graphs with weights stored in different types; the first is the default. */
  variants: v.pipe(
    v.array(
      v.strictObject({
        dtype: storageType,
        /** Where the head's or the autoencoder's weights are stored differently. */
        parts: v.optional(v.strictObject({ head: storageType, autoencoder: storageType })),
        components: v.pipe(v.unknown(), v.transform(withCurrentNames), components),
      }),
    ),
    v.minLength(1),
  ),
  /** A recorded run, see `reference-sample.ts`. */
  parity: v.optional(path),
  /** Every file of the folder but this manifest and the model card. */
  files: v.array(
    v.strictObject({
      path,
      bytes: v.pipe(v.number(), v.integer(), v.minValue(0)),
      sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
    }),
  ),
});

/** `mar.json`: what a model folder holds and how to run it. */
export type Manifest = v.InferOutput<typeof schema>;
/** The classes of a model that takes classes. */
export type Classes = Extract<Manifest['condition'], { kind: 'class' }>;
/** The text that a model takes. */
export type TextCondition = Extract<Manifest['condition'], { kind: 'text' }>;
export type ManifestVariant = Manifest['variants'][number];
export type ManifestComponent = v.InferOutput<typeof component>;
export type ComponentName = keyof ManifestVariant['components'];
export type StorageType = ManifestVariant['dtype'];

/** The path of a model's tokenizer, where it has a text encoder. */
export function tokenizerOf({ condition }: Pick<Manifest, 'condition'>): string | undefined {
  return condition.kind === 'text' ? condition.encoder?.tokenizer : undefined;
}

/** The classes of a model. @throws InvalidOptionError for one that takes text */
export function classesOf({
  name,
  condition,
}: Pick<Manifest, 'condition'> & { readonly name?: string }): Classes {
  if (condition.kind === 'class') return condition;
  throw new InvalidOptionError('model', name, 'must be a model that takes classes: this one takes text');
}

/** `mar.json` is not JSON, not a manifest, or one of a version this package does not know. */
export class ManifestError extends TesseraError {
  static override readonly code = 'manifest';
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: { cause?: unknown }) {
    super(
      ManifestError.code,
      `mar.json can't be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
      options,
    );
    this.problems = problems;
  }
}

/**
 * Reads a manifest.
 *
 * @param json the text of `mar.json`
 * @throws ManifestError that says what is wrong with it; of fields that are not known, the first of each part
 */
export function parseManifest(json: string): Manifest {
  if (isHtml(json)) {
    throw new ManifestError([
      'this is an HTML page: the server answered a missing file with its index page. Check the address of the model folder',
    ]);
  }
  const manifest = parseDocument(json, schema, (problems, options) => new ManifestError(problems, options), {
    format: 'tessera-mar',
    version: 1,
    unknown: 'this version does not know it. Update the @tessera packages, or remove it',
  });
  const problems = inconsistencies(manifest);
  if (problems.length > 0) throw new ManifestError(problems);
  return manifest;
}

/** What the schema alone can't see. */
function inconsistencies({
  family = 'mar',
  lightgen,
  chainSteps,
  joint,
  grid,
  latents,
  condition,
  diffusion,
  sampling,
  variants,
  parity,
  files,
}: Manifest): string[] {
  const problems: string[] = [];
  const channels = latents.channels * latents.patchSize ** 2;
  if (grid.channels !== channels) {
    problems.push(
      `grid.channels is ${grid.channels}, but latents make it ${channels} (channels · patchSize²)`,
    );
  }
  if (condition.kind === 'class' && condition.names && condition.names.length !== condition.count) {
    problems.push(`condition.names has ${condition.names.length} names for ${condition.count} classes`);
  }
  try {
    diffusionFrom(diffusion);
  } catch (error) {
    if (!InvalidOptionError.isInstance(error)) throw error;
    problems.push(`diffusion: ${error.message}`);
  }
  if (Array.isArray(sampling.clamp) && sampling.clamp.length !== grid.channels) {
    problems.push(`sampling.clamp has ${sampling.clamp.length} limits for ${grid.channels} channels`);
  }
  if (sampling.advice !== undefined) problems.push(...adviceProblems(sampling));
  if ((condition.kind === 'class') !== (family === 'mar')) {
    problems.push(`condition.kind is ${condition.kind}, which models of the family ${family} don't take`);
  }
  if (variants.some(({ components }) => (components.chain === undefined) !== (chainSteps === undefined))) {
    problems.push('chainSteps is that of the component "chain": each needs the other');
  }
  if (variants.some(({ components }) => (components.globalToken === undefined) !== (joint === undefined))) {
    problems.push('joint is that of the component "globalToken": each needs the other');
  }
  if (family === 'lightgen' && !lightgen) problems.push('lightgen is missing, which the family needs');
  for (const { dtype, components } of variants) {
    const encoder = condition.kind === 'text' && condition.encoder ? (['textEncoder'] as const) : [];
    for (const name of [...FAMILY_COMPONENTS[family], ...encoder]) {
      if (!components[name]) problems.push(`the ${dtype} variant has no component "${name}"`);
    }
  }
  const listed = new Set(files.map((file) => file.path));
  const used = variants.flatMap(({ components }) =>
    Object.values(components).flatMap((part) => (part ? [part.path, ...(part.data ?? [])] : [])),
  );
  const tokenizer = tokenizerOf({ condition });
  for (const file of [...used, ...(parity ? [parity] : []), ...(tokenizer ? [tokenizer] : [])]) {
    if (!listed.has(file)) problems.push(`files does not list ${file}`);
  }
  return problems;
}

function adviceProblems(sampling: Manifest['sampling']): string[] {
  try {
    adviseSampling(sampling);
    return [];
  } catch (error) {
    if (!TesseraError.isInstance(error)) throw error;
    return [`sampling.advice: ${error.message}`];
  }
}
