import type { LazyWeight, TensorFile } from '@tessera/convert';

/** PyTorch's default. */
const EPSILON = 1e-5;

/**
 * A convolution without bias, `KEY.0`, and the batch normalisation behind it, `KEY.1`, as one convolution: its weight is
 * scaled by γ / √(σ² + ε), its bias is β − μγ / √(σ² + ε).
 *
 * @param gathered pixels along the blocks that the input was gathered from: input channel (colour, row, column), as
 *   PyTorch's pixel_unshuffle orders them, becomes (row, column, colour), as ONNX's SpaceToDepth does. @default 1
 */
export function foldedConvolution(
  file: TensorFile,
  key: string,
  gathered = 1,
): { readonly weight: LazyWeight; readonly bias: LazyWeight } {
  const shape = file.shape(`${key}.0.weight`);
  const [to, from, height, width] = shape as [number, number, number, number];
  const scales = async (): Promise<Float64Array> => {
    const gamma = await file.readFloats(`${key}.1.weight`);
    const variance = await file.readFloats(`${key}.1.running_var`);
    return Float64Array.from(gamma, (value, i) => value / Math.sqrt(variance[i]! + EPSILON));
  };
  return {
    weight: {
      name: `${key}.weight`,
      shape,
      async load() {
        const weight = await file.readFloats(`${key}.0.weight`);
        const scale = await scales();
        const taps = height * width;
        const cells = gathered * gathered;
        const folded = new Float32Array(weight.length);
        for (let output = 0; output < to; output++) {
          for (let input = 0; input < from; input++) {
            const moved = (input % cells) * (from / cells) + Math.floor(input / cells);
            for (let tap = 0; tap < taps; tap++) {
              folded[(output * from + moved) * taps + tap] =
                weight[(output * from + input) * taps + tap]! * scale[output]!;
            }
          }
        }
        return folded;
      },
    },
    bias: {
      name: `${key}.bias`,
      shape: [to],
      async load() {
        const beta = await file.readFloats(`${key}.1.bias`);
        const mean = await file.readFloats(`${key}.1.running_mean`);
        const scale = await scales();
        return beta.map((value, i) => value - mean[i]! * scale[i]!);
      },
    },
  };
}
