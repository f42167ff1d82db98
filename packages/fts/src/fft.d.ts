/** The part of fft.js 4 that is used here; the package has no types. */
declare module 'fft.js' {
  export default class FFT {
    /** @param size a power of two, 2 or more */
    constructor(size: number);
    /**
     * The transform of `size` real numbers. Writes (real, imaginary) pairs; only bins 0 … size/2 are complete.
     */
    realTransform(out: Float64Array, data: Float64Array): void;
  }
}
