import type { NitroConfig } from '../nitro/nitro-config.js';
import { forwardAttentionHead } from './attention-head-forward.js';
import type { ReadTensor, Row } from './float64-layers.js';
import { forwardGlobal, forwardNitro } from './nitro-forward.js';

/** A picture of Nitro-AR's joint variant, before it is drawn. */
export interface ForwardJointPicture {
  /** [T, Ct], and what guidance leads away from. */
  readonly text: readonly Row[];
  readonly nullText: readonly Row[];
  readonly guidanceScale: number;
  /** Diffusion steps of both chains, 2 or more. */
  readonly steps: number;
  /** [C] and [L, C]. */
  readonly globalNoise: Row;
  readonly noise: readonly Row[];
}

/**
 * All tokens [L, C] of a picture that Nitro-AR's joint variant draws, in float64, with plain loops over the checkpoint's tensors:
 * nothing of how graphs and samplers compute it. The published code can't run as it is and no numbers of it are recorded.
 *
 * @param read gives a tensor of the checkpoint by its key
 */
export async function forwardJointPicture(
  read: ReadTensor,
  config: NitroConfig,
  picture: ForwardJointPicture,
): Promise<readonly Row[]> {
  const { text, nullText, globalNoise, noise } = picture;
  const texts = [text, nullText];
  const globalZ = await Promise.all(texts.map(async (rows) => [await forwardGlobal(read, config, rows)]));
  const [globalToken] = await chain(read, config, 'diffloss_global.net', picture, globalZ, [globalNoise]);
  const tokens = noise.map(() => globalToken!);
  const z = await Promise.all(texts.map((rows) => forwardNitro(read, config, { tokens, text: rows })));
  return chain(read, config, 'diffloss.net', picture, z, noise);
}

/** Euler's method as diffusers' FlowMatchEulerDiscreteScheduler has it, with whole timesteps. */
async function chain(
  read: ReadTensor,
  config: NitroConfig,
  net: string,
  { steps, guidanceScale }: ForwardJointPicture,
  [conditional, unconditional]: readonly (readonly Row[])[],
  noise: readonly Row[],
): Promise<readonly Row[]> {
  const values = Array.from({ length: steps + 1 }, (_, i) => 1000 + (i * (1 - 1000)) / steps);
  let x = noise;
  for (let step = 0; step < steps; step++) {
    const t = Math.floor(values[step]!);
    const towards = await forwardAttentionHead(read, config, net, x, t, conditional!);
    const without = await forwardAttentionHead(read, config, net, x, t, unconditional!);
    const size = (values[step + 1]! - values[step]!) / 1000;
    x = x.map((row, n) =>
      row.map((value, i) => {
        const base = without[n]![i]!;
        return value + size * (base + guidanceScale * (towards[n]![i]! - base));
      }),
    );
  }
  return x;
}
