import type { GridShape, NoiseSource } from '@tessera/core';
import { gridLength, replayNoise } from '@tessera/core/model';
import { GoldenDataError } from './golden-data-error.js';
import { type GoldenTensors, rowsOf } from './golden-files.js';

/**
 * Recorded noise by token: `init` [B, L, C] and, where steps draw noise, `cond` [S, B, L, C], S diffusion steps. Each token is sampled once, so
 * image and position address its noise whatever the order. A run of more than S steps goes on with the steps of a tensor
 * `cond…_tail` [S', B, L, C], or, where there is none, with step (7s + 3) mod S of `cond`.
 */
export class NoisePool {
  readonly #path: string;
  readonly #channels: number;
  /** [B][L·C]. */
  readonly #initial: readonly Float32Array[];
  /** [S][B·L·C]. */
  readonly #steps: readonly Float32Array[];
  readonly #tail: readonly Float32Array[] | undefined;

  constructor(file: GoldenTensors, shape: GridShape) {
    const token = [gridLength(shape), shape.channels];
    const initial = file.get('init', [undefined, ...token]);
    const steps = (name: string) => rowsOf(file.get(name, [undefined, initial.shape[0], ...token]));
    this.#path = file.path;
    this.#channels = shape.channels;
    this.#initial = rowsOf(initial);
    // A flow draws no noise after the first.
    this.#steps = file.has('cond') ? steps('cond') : [];
    const [tail] = file.matching(/^cond\w*_tail$/);
    this.#tail = tail && steps(tail.name);
  }

  /** The noise of one image. */
  image(image: number): NoiseSource {
    const size = this.#initial[image]?.length;
    if (size === undefined) throw new GoldenDataError(`${this.#path} holds no noise of image ${image}.`);
    return replayNoise((position, step) => {
      const first = position * this.#channels;
      const row = step === 0 ? this.#initial[image]! : this.#step(step - 1).subarray(image * size);
      return row.subarray(first, first + this.#channels);
    });
  }

  #step(s: number): Float32Array {
    const recorded = this.#steps.length;
    const values =
      s < recorded
        ? this.#steps[s]
        : this.#tail
          ? this.#tail[s - recorded]
          : this.#steps[(s * 7 + 3) % recorded];
    if (!values) throw new GoldenDataError(`${this.#path} holds no noise of diffusion step ${s}.`);
    return values;
  }
}
