import {
  ancestralSampler,
  eulerSampler,
  keyedNoise,
  type MaskedModel,
  type ModelInput,
  type NoiseSource,
  TesseraError,
  type TokenGrid,
} from '@tessera/core';
import { emptyGrid, gridLength, type TextFeatures } from '@tessera/core/model';
import type { Manifest, Precision, StorageType } from '@tessera/format';
import * as v from 'valibot';

const numbers = v.array(v.pipe(v.number(), v.finite()));
const schema = v.strictObject({
  version: v.literal(1),
  /** Key of all the sample's noise and of its known tokens. */
  seed: v.number(),
  /** What the model was asked for: a class, or features that are drawn from the seed. */
  classLabel: v.optional(v.number()),
  features: v.optional(
    v.strictObject({
      rows: v.number(),
      width: v.number(),
      /** Whether what guidance leads away from is drawn too: there are models with no null text of their own. */
      negative: v.optional(v.literal(true)),
    }),
  ),
  /** Starts below t = 999, where 1/√ᾱ is 20,000 and every rounding would show. */
  respacing: v.string(),
  guidanceScale: v.number(),
  /** z at the wanted positions, [n, D], then the unconditional rows, [n, D]. */
  z: numbers,
  /** The head's tokens there, [n, C]. */
  tokens: numbers,
  /** Every `pixelStride`-th byte of the decoded picture; empty where the model has no decoder. */
  pixels: numbers,
  pixelStride: v.number(),
});

/** A recorded run of a model, by which another device, dtype or version can be checked. Plain JSON. */
export type ReferenceSample = v.InferOutput<typeof schema>;

/** Largest deviations from a sample, beside what is allowed. */
export interface ReferenceReport {
  readonly passed: boolean;
  readonly checks: readonly {
    readonly name: 'z' | 'tokens' | 'pixels';
    readonly largestError: number;
    readonly tolerance: number;
  }[];
}

/**
 * Absolute deviations that fp32 arithmetic in another order of summation stays well below, and a wrong graph does not.
 * z and tokens are of unit order; pixels are in 0 … 255.
 */
const TOLERANCES = { z: 2e-3, tokens: 2e-2, pixels: 2 };
/** Where rows are rounded to integers, a last bit may become a whole step: 0.013 in z between the CPU and WebAssembly. */
const INTEGER_TOLERANCES = { z: 0.15, tokens: 0.5, pixels: 2 };
/**
 * Where products are in fp16: rounding what goes in and comes out moves z by 0.002 and tokens by 0.03, in MAR-B's size too; some
 * devices round sums on the way as well.
 */
const HALF_TOLERANCES = { z: 2e-2, tokens: 0.2, pixels: 8 };

function tolerancesOf(dtype: StorageType, precision: Precision): typeof TOLERANCES {
  if (precision === 'fp16') return HALF_TOLERANCES;
  return dtype === 'int8' || dtype === 'int4' ? INTEGER_TOLERANCES : TOLERANCES;
}

/** Wanted positions of the sample: few, so that it stays cheap for the largest models. */
const WANTED = 4;

/**
 * Runs the sample on a model and records it. The model decides only the numbers, so record on the CPU in fp32.
 *
 * @param options.respacing of the head's noise schedule. @default ddim50, or the distilled chain of a velocity head
 */
export async function recordReferenceSample(
  model: MaskedModel<ModelInput> & { readonly manifest?: Manifest },
  options: { readonly respacing?: string } = {},
): Promise<ReferenceSample> {
  const asked = model.manifest?.condition;
  const recipe = {
    version: 1 as const,
    seed: 20,
    ...(asked?.kind === 'text'
      ? {
          features: {
            rows: asked.length,
            width: asked.width,
            ...(model.manifest?.family === 'nitro' ? { negative: true as const } : {}),
          },
        }
      : { classLabel: 0 }),
    respacing:
      options.respacing ??
      (model.diffusion?.prediction === 'velocity' ? String(model.manifest?.chainSteps ?? 4) : 'ddim50'),
    guidanceScale: 2,
  };
  const { z, tokens, picture } = await run(model, recipe);
  const pixelStride = Math.max(1, Math.floor(picture.length / 1024)) | 1;
  return {
    ...recipe,
    z: [...z],
    tokens: [...tokens],
    pixels: [...picture.filter((_, i) => i % pixelStride === 0)],
    pixelStride,
  };
}

/**
 * Replays a sample.
 *
 * @param dtype of the model's weights, on which depends what is allowed
 * @param precision of its arithmetic, on which it depends too
 * @throws TesseraError with code `reference-sample` where `sample` is not one
 */
export async function verifyReferenceSample(
  model: MaskedModel<ModelInput>,
  sample: unknown,
  dtype: StorageType = 'fp32',
  precision: Precision = 'fp32',
): Promise<ReferenceReport> {
  const parsed = v.safeParse(schema, sample);
  if (!parsed.success) {
    throw new TesseraError(
      'reference-sample',
      `The reference sample can't be used: ${v.summarize(parsed.issues)}`,
    );
  }
  const expected = parsed.output;
  const { z, tokens, picture } = await run(model, expected);
  const pixels = picture.filter((_, i) => i % expected.pixelStride === 0);
  const tolerances = tolerancesOf(dtype, precision);
  const checks = [
    check('z', expected.z, z, tolerances.z),
    check('tokens', expected.tokens, tokens, tolerances.tokens),
    ...(expected.pixels.length > 0 ? [check('pixels', expected.pixels, pixels, tolerances.pixels)] : []),
  ];
  return { passed: checks.every((each) => each.largestError <= each.tolerance), checks };
}

/**
 * Replays a sample.
 *
 * @param json its text
 * @param dtype of the model's weights, on which depends what is allowed
 * @param precision of its arithmetic, on which it depends too
 * @throws Error that says by how much the model is off
 */
export async function assertReferenceSample(
  model: MaskedModel<ModelInput>,
  json: string,
  dtype?: StorageType,
  precision?: Precision,
): Promise<void> {
  const { passed, checks } = await verifyReferenceSample(model, JSON.parse(json), dtype, precision);
  if (passed) return;
  const off = checks
    .filter(({ largestError, tolerance }) => largestError > tolerance)
    .map(
      ({ name, largestError, tolerance }) =>
        `${name} off by ${largestError.toPrecision(2)} where ${tolerance} is allowed`,
    );
  throw new Error(`it computes this model wrong: ${off.join(', ')}.`);
}

function check(
  name: keyof typeof TOLERANCES,
  expected: ArrayLike<number>,
  actual: ArrayLike<number>,
  tolerance: number,
) {
  let largestError = expected.length === actual.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(expected[i]! - actual[i]!);
    // A NaN must not pass as "not larger".
    if (!(error <= largestError)) largestError = Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
  }
  return { name, largestError, tolerance };
}

/** Half of the grid known, random; a few positions of the other half sampled, and all of it decoded. */
async function run(
  model: MaskedModel<ModelInput>,
  {
    seed,
    classLabel = 0,
    features,
    respacing,
    guidanceScale,
  }: Omit<ReferenceSample, 'z' | 'tokens' | 'pixels' | 'pixelStride'>,
): Promise<{ z: Float32Array; tokens: Float32Array; picture: Uint8Array }> {
  const { shape, drawsGlobalToken } = model;
  const { channels } = shape;
  const noise = keyedNoise({ seed });
  const length = gridLength(shape);
  const grid = emptyGrid(shape);
  for (let position = 0; position < length; position += 2) {
    noise.tokenNormal(position, 0, grid.tokens.subarray(position * channels, (position + 1) * channels));
    grid.known[position] = 1;
  }
  const recorded = Math.min(WANTED, length >> 1);
  // A model that draws all positions at once takes no known ones; the first few are recorded.
  const positions = drawsGlobalToken
    ? Uint32Array.from({ length }, (_, i) => i)
    : Uint32Array.from({ length: recorded }, (_, i) => 2 * i + 1);
  const input = features
    ? {
        prompt: drawnFeatures(noise, 'features', features),
        ...(features.negative ? { negativePrompt: drawnFeatures(noise, 'negative', features) } : {}),
      }
    : { classLabel };
  const globalToken = {
    noise: noise.fork('global token').tokenNormal(0, 0, new Float32Array(channels)),
    guidanceScale,
  };
  const start = drawsGlobalToken ? { grid: emptyGrid(shape), globalToken } : { grid };
  const images = [{ ...start, positions, input, guided: true }];
  const conditions = (await model.condition({ batch: images }))[0]!;
  try {
    const first = conditions.select(Uint32Array.from({ length: recorded }, (_, i) => i));
    const z = new Float32Array([...(await first.read()), ...(await first.readUnconditional())]);
    const [tokens] = await model.sampleTokens({
      batch: [{ conditions, rows: positions.map((_, i) => i), positions, guidanceScale, noise }],
      coefficients: (model.diffusion?.prediction === 'velocity' ? eulerSampler : ancestralSampler)()(
        respacing,
        model.diffusion,
      ),
      temperature: 1,
      ...(model.defaults?.clamp === undefined ? {} : { clamp: model.defaults.clamp }),
    });
    return { z, tokens: tokens!.slice(0, recorded * channels), picture: await decodeIfPossible(model, grid) };
  } finally {
    conditions.release();
  }
}

function drawnFeatures(
  noise: NoiseSource,
  name: string,
  { rows, width }: { rows: number; width: number },
): TextFeatures {
  return { features: noise.fork(name).normal(new Float32Array(rows * width)) };
}

async function decodeIfPossible(model: MaskedModel<ModelInput>, grid: TokenGrid): Promise<Uint8Array> {
  try {
    const [picture] = await model.decode([grid]);
    return picture!.data;
  } catch (error) {
    if (TesseraError.isInstance(error) && error.code === 'missing-component') return new Uint8Array();
    throw error;
  }
}
