import type { SamplerCoefficients } from '@tessera/core/diffusion';
import { type HeadReuse, replayNoise } from '@tessera/core/model';
import type { ConvertedMar } from './converted-models.js';
import { type GoldenTensors, rowsOf } from './golden-files.js';
import { recordedConditions } from './recorded-conditions.js';

export interface HeadChainOptions {
  readonly table: SamplerCoefficients;
  readonly guidanceScale: number;
  readonly temperature: number;
  /** What the head takes from earlier steps, where it does. */
  readonly reuse?: HeadReuse;
}

/** A recorded chain of the head, ready to run. */
export interface HeadChain {
  /** The initial x, [N, C]. */
  readonly initial: Float32Array;
  /** Carries steps [first, last) of the table, or all, out on `x` [N, C] and returns what comes of it. */
  run(x: Float32Array, first?: number, last?: number): Promise<Float32Array>;
}

/**
 * The model's head on the conditions `c.cond` and `c.uncond` [N, D] and the noise `noise.init` [N, C] and `noise.cond`
 * [S, N, C] of a recorded file.
 */
export function headChain(
  file: GoldenTensors,
  { table, guidanceScale, temperature, reuse }: HeadChainOptions,
  { model }: ConvertedMar,
): HeadChain {
  const { channels } = model.shape;
  const width = model.manifest.widths.decoder;
  const initial = file.get('noise.init', [undefined, channels]);
  const count = initial.shape[0]!;
  const conditional = file.get('c.cond', [count, width]).data;
  const unconditional = guidanceScale === 1 ? undefined : file.get('c.uncond', [count, width]).data;
  const noisy = table.steps.some((step) => step.noise.kind !== 'none');
  const noise = noisy ? rowsOf(file.get('noise.cond', [table.steps.length, count, channels])) : [];
  const rows = Uint32Array.from({ length: count }, (_, row) => row);
  return {
    initial: initial.data,
    async run(x, first = 0, last = table.steps.length) {
      const source = replayNoise((row, step) => {
        const values = step === 0 ? x : noise[first + step - 1]!;
        return values.subarray(row * channels, (row + 1) * channels);
      });
      const conditions = recordedConditions(conditional, unconditional, width);
      const [tokens] = await model.sampleTokens({
        batch: [{ conditions, rows, positions: rows, guidanceScale, noise: source }],
        // A table is plain data, so a chain can be cut anywhere.
        coefficients: { name: table.name, steps: table.steps.slice(first, last) },
        temperature,
        ...(reuse ? { reuse } : {}),
      });
      return tokens!;
    },
  };
}
