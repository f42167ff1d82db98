import { type TensorToWrite, writeSafetensors } from '../checkpoint/safetensors-writer.js';

/** Uniform numbers in [−1, 1), the same for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

export function randomArray(length: number, next: () => number): Float32Array {
  return Float32Array.from({ length }, () => next());
}

/**
 * Writes a checkpoint of random weights that keep activations near 1: matrices by their fan-in, norm weights about 1,
 * everything else about 0, nothing zero.
 */
export async function writeRandomCheckpoint(
  path: string,
  keys: ReadonlyMap<string, readonly number[]>,
  change: (tensors: Record<string, TensorToWrite>) => void = () => {},
): Promise<void> {
  const next = randomNumbers(7);
  const tensors: Record<string, TensorToWrite> = {};
  for (const [key, shape] of keys) {
    const size = shape.reduce((product, extent) => product * extent, 1);
    const norm = shape.length === 1 && key.endsWith('weight');
    const fanIn = shape.slice(1).reduce((product, extent) => product * extent, 1);
    const scale =
      shape.length === 1 || /embed_learned|token|latent|class/.test(key) ? 0.5 : 1.7 / Math.sqrt(fanIn);
    tensors[key] = { shape, data: randomArray(size, next).map((value) => (norm ? 1 : 0) + scale * value) };
  }
  change(tensors);
  await writeSafetensors(path, tensors);
}
