/**
 * Where all randomness comes from. A source is *keyed*: the same path of forks and the same arguments give the same
 * bits on every machine, engine and thread, in any order of calls.
 */
export interface NoiseSource {
  /** An independent source named by `path`. Forking does not advance this source. */
  fork(...path: readonly (string | number)[]): NoiseSource;
  /** The next number of this source's stream, uniform in (0, 1). */
  uniform(): number;
  /** Fills `out` with the next standard normals of this source's stream and returns it. */
  normal(out: Float32Array): Float32Array;
  /**
   * Fills `out` [C] with the normals of one token: a function of (source, position, step) alone, so that another
   * order, budget or batch leaves it as it was.
   *
   * @param step 0 for the initial x, s for the s-th diffusion step (1 = the first, noisiest one)
   */
  tokenNormal(position: number, step: number, out: Float32Array): Float32Array;
  /** Present where the source can be rebuilt elsewhere (another thread) by `keyedNoise(key)`. */
  readonly key?: NoiseKey;
}

/** What a keyed source is made of: two 32-bit words. Plain data. */
export type NoiseKey = readonly [number, number];
