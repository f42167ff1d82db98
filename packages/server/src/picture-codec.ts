import type { ImageMask, ImageRgb } from '@tessera/core';
import { pngBytes } from '@tessera/format/png';
import sharp from 'sharp';
import { invalidField } from './api-error.js';

export type PictureFormat = 'png' | 'webp' | 'jpeg';

/**
 * A picture as the bytes of a file.
 *
 * @param quality of WebP and JPEG, 0 … 100
 * @param recipe goes into a PNG
 */
export async function encodePicture(
  image: ImageRgb,
  { format, quality, recipe }: { format: PictureFormat; quality: number; recipe?: unknown },
): Promise<Uint8Array> {
  if (format === 'png') return pngBytes(image, recipe);
  const { width, height, data } = image;
  const raw = sharp(data, { raw: { width, height, channels: 3 } });
  return format === 'webp'
    ? raw.webp({ quality: Math.max(1, quality) }).toBuffer()
    : raw.jpeg({ quality: Math.max(1, quality) }).toBuffer();
}

/** A picture that a caller sent. */
export interface SentPicture {
  readonly image: ImageRgb;
  /** White where it is transparent; absent where it has no alpha channel. */
  readonly transparent?: ImageMask;
}

/**
 * Reads a PNG, WebP or JPEG file.
 *
 * @param param the field it was sent as
 * @throws ApiError 400 where it is none, is damaged, or has more than `maxPixels`
 */
export async function decodePicture(
  bytes: Uint8Array,
  param: string,
  maxPixels: number,
): Promise<SentPicture> {
  try {
    const file = sharp(bytes, { limitInputPixels: maxPixels, failOn: 'error' }).rotate();
    const { format } = await file.metadata();
    if (format !== 'png' && format !== 'webp' && format !== 'jpeg') throw new Error(`it is ${format}`);
    const { data, info } = await file.toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
    const { width, height, channels } = info;
    const pixel = (at: number, channel: number): number =>
      data[at * channels + (channels < 3 ? 0 : channel)]!;
    const image = {
      width,
      height,
      data: Uint8Array.from({ length: width * height * 3 }, (_, i) => pixel(Math.floor(i / 3), i % 3)),
    };
    if (channels % 2 === 1) return { image };
    const alpha = (at: number): number => data[at * channels + channels - 1]!;
    return {
      image,
      transparent: {
        width,
        height,
        data: Uint8Array.from({ length: width * height }, (_, at) => (alpha(at) < 128 ? 255 : 0)),
      },
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalidField(
      param,
      `${param} must be a PNG, WebP or JPEG file of at most ${maxPixels} pixels: ${reason}.`,
    );
  }
}
