import { type DiffusionProcess, noiseLevel, trainingTimesteps } from './diffusion/diffusion-process.js';
import { assertInteger, assertShape, InvalidOptionError, TesseraError } from './errors.js';
import type { TokenGrid } from './grid.js';
import type { HeadRequest, MaskedModel } from './model.js';
import type { NoiseSource } from './noise/source.js';
import { fillTokenNoise } from './noise/token-noise.js';
import type { SamplingSettings } from './sampling-settings.js';

/** Known tokens of one image that a model is to judge. */
export interface LossRequest<Input> {
  readonly grid: TokenGrid;
  readonly input: Input;
  /** [m], known in `grid`. */
  readonly positions: Uint32Array;
  /** Evaluations of the head for each token, at timesteps evenly over all. */
  readonly evaluations: number;
  readonly noise: NoiseSource;
}

/**
 * How unlikely a model finds known tokens, given the others: the mean squared error of what its head predicts of them with noise on,
 * as in training. They are masked meanwhile, all at once, and the condition is not guided.
 *
 * @returns [m], in the order of `positions`; the higher the less likely
 * @throws InvalidOptionError where a position is masked or named twice, or there is no evaluation
 * @throws TesseraError `head-not-evaluable` where the model has no `evaluateHead`
 */
export async function tokenLosses<Input>(
  { model, diffusion, signal }: Pick<SamplingSettings<Input>, 'model' | 'diffusion' | 'signal'>,
  { grid, input, positions, evaluations, noise }: LossRequest<Input>,
): Promise<Float32Array> {
  assertInteger('evaluations', evaluations, 1);
  const { channels } = grid.shape;
  const ascending = positions.slice().sort();
  const known = grid.known.slice();
  for (const position of ascending) {
    if (!known[position])
      throw new InvalidOptionError('positions', position, 'must be of known tokens, each named once');
    known[position] = 0;
  }
  if (ascending.length === 0) return new Float32Array();
  const passed = signal ? { signal } : {};
  const [conditions] = await model.condition({
    batch: [{ grid: { ...grid, known }, input, positions: ascending, guided: false }],
    ...passed,
  });
  try {
    const rows = ascending.map((_, row) => row);
    const tokens = new Float32Array(rows.length * channels);
    for (const [row, position] of ascending.entries())
      tokens.set(grid.tokens.subarray(position * channels, (position + 1) * channels), row * channels);
    const errors = new Float64Array(rows.length);
    const eps = new Float32Array(tokens.length);
    for (const [index, timestep] of spread(diffusion, evaluations).entries()) {
      fillTokenNoise([{ noise, positions: ascending }], index, channels, eps);
      const { scale, sigma } = noiseLevel(timestep, diffusion);
      const isEpsilon = diffusion.prediction === 'epsilon';
      // x = scale · (x0 + σ · output), where a velocity is ε − x0.
      const wanted = isEpsilon ? eps : eps.map((value, i) => value - tokens[i]!);
      const x = tokens.map((value, i) => scale * (value + sigma * wanted[i]!));
      const output = await evaluated(model, {
        batch: [{ conditions: conditions!, rows, x }],
        timestep,
        ...passed,
      });
      const width = isEpsilon ? 2 * channels : channels;
      assertShape('head output [m, 2C or C]', output, [rows.length, width]);
      for (let row = 0; row < rows.length; row++) {
        for (let i = 0; i < channels; i++)
          errors[row]! += (output[row * width + i]! - wanted[row * channels + i]!) ** 2;
      }
    }
    return Float32Array.from(
      positions,
      (position) => errors[ascending.indexOf(position)]! / (channels * evaluations),
    );
  } finally {
    conditions?.release();
  }
}

async function evaluated<Input>(model: MaskedModel<Input>, request: HeadRequest): Promise<Float32Array> {
  if (!model.evaluateHead) {
    throw new TesseraError(
      'head-not-evaluable',
      'This model has no evaluateHead, by which tokens are judged. Draw without a corrector.',
    );
  }
  const output = await model.evaluateHead(request);
  assertShape('head outputs, one an image', output, [1]);
  return output[0]!;
}

/** The middles of as many equal parts of the training's timesteps. */
function spread(diffusion: DiffusionProcess, count: number): number[] {
  const all = trainingTimesteps(diffusion);
  return Array.from({ length: count }, (_, part) => all[Math.floor(((part + 0.5) / count) * all.length)]!);
}
