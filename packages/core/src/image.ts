/** A picture: 8 bits a channel, rows from the top, RGB interleaved. */
export interface ImageRgb {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3]. */
  readonly data: Uint8Array;
}

/** The size of a picture in pixels. */
export type ImageSize = Pick<ImageRgb, 'width' | 'height'>;

/** Where a picture is repainted. A pixel is white, to be repainted, from 128 on; all others are kept. */
export interface ImageMask extends ImageSize {
  /** [height, width], or [height, width, 3] as an {@link ImageRgb} has, of which the mean counts. */
  readonly data: Uint8Array;
}
