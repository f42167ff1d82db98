import type { ImageRgb } from '@tessera/core';
import { assertShape } from '@tessera/core/model';

/**
 * [3, H, W] in about [−1, 1] → 8 bits a channel: (x + 1)/2·255, clipped.
 *
 * @param rounding `down`, or to the nearest, half to even. @default to the nearest
 */
export function pixelsFromPlanes(
  planes: Float32Array,
  height: number,
  width: number,
  rounding?: 'down',
): ImageRgb {
  const area = height * width;
  assertShape('image [3, H, W]', planes, [3, height, width]);
  const data = new Uint8ClampedArray(area * 3);
  for (let c = 0; c < 3; c++) {
    // Uint8ClampedArray rounds half to even and clips.
    for (let i = 0; i < area; i++) {
      const value = ((planes[c * area + i]! + 1) / 2) * 255;
      data[i * 3 + c] = rounding === 'down' ? Math.floor(value) : value;
    }
  }
  return { width, height, data: new Uint8Array(data.buffer) };
}

/** 8 bits a channel → [3, H, W] in [−1, 1]. */
export function planesFromPixels({ data, height, width }: ImageRgb): Float32Array {
  const area = height * width;
  assertShape('image.data [H, W, 3]', data, [height, width, 3]);
  const planes = new Float32Array(area * 3);
  for (let c = 0; c < 3; c++) {
    for (let i = 0; i < area; i++) planes[c * area + i] = data[i * 3 + c]! / 127.5 - 1;
  }
  return planes;
}
