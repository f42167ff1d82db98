/** A picture: 8 bits a channel, rows from the top, RGB interleaved. */
export interface ImageRgb {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3]. */
  readonly data: Uint8Array;
}
