import { type GenerateEvent, type GridShape, generate, type ImageRgb, type TokenGrid } from '@tessera/core';
import { inputOf, type Picture, type Sampling } from '@tessera/format';
import type { LoadedModel } from '@tessera/runtime-node';
import { type PreviewFrame, pickEvenly } from './preview-sheet.js';

export interface DrawOptions {
  readonly model: LoadedModel;
  readonly sampling: Sampling;
  readonly seed: number;
  /** @default the model's */
  readonly gridSize?: Pick<GridShape, 'height' | 'width'>;
  readonly pictures: readonly Picture[];
  /** How many are made at once. */
  readonly batch: number;
  readonly signal: AbortSignal;
  /** How many steps of each to keep, the last among them; 0 for none. @default 0 */
  readonly frames?: number;
  /** @param done pictures, with parts of pictures */
  onProgress?(done: number, phase: 'sampling' | 'decoding'): void;
}

export interface DrawnPicture {
  readonly picture: Picture;
  readonly image: ImageRgb;
  readonly frames: readonly PreviewFrame[];
}

/** The part of a picture's time that decoding is taken for, so that a bar is not full while it lasts. */
const DECODING = 0.05;

/** Makes pictures, a batch at a time, and hands out each as soon as it is finished. */
export async function* drawPictures(options: DrawOptions): AsyncGenerator<DrawnPicture, void, undefined> {
  const { model, sampling, seed, pictures, batch, signal, frames = 0, onProgress } = options;
  const size = options.gridSize ? { gridSize: options.gridSize } : {};
  for (let first = 0; first < pictures.length; first += batch) {
    const group = pictures.slice(first, first + batch);
    const moments = group.map((): Moment[] => []);
    const images = group.map((picture) => ({ seed, imageIndex: picture.index, input: inputOf(picture) }));
    for await (const event of generate({ model, requests: images, ...size, ...sampling, signal })) {
      if (event.type === 'step-end') {
        const { tokensDecoded, tokens } = event.progress;
        const done = first + ((1 - DECODING) * group.length * tokensDecoded) / tokens;
        onProgress?.(done, tokensDecoded === tokens ? 'decoding' : 'sampling');
        if (frames > 0) keepMoments(event, moments);
      } else if (event.type === 'image') {
        yield {
          picture: group[event.batchIndex]!,
          image: event.image,
          frames: await framesOf(model, moments[event.batchIndex]!, frames, signal),
        };
      }
    }
  }
}

/** The grid after a step. */
interface Moment {
  readonly step: number;
  readonly grid: TokenGrid;
}

function keepMoments(event: Extract<GenerateEvent, { type: 'step-end' }>, moments: Moment[][]): void {
  const grids = event.grids();
  for (const { batchIndex } of event.batch) {
    moments[batchIndex]!.push({ step: event.step + 1, grid: grids[batchIndex]! });
  }
}

async function framesOf(
  model: LoadedModel,
  moments: readonly Moment[],
  room: number,
  signal: AbortSignal,
): Promise<PreviewFrame[]> {
  if (room === 0) return [];
  const shown = pickEvenly(moments.length, room).map((i) => moments[i]!);
  const images = await model.decode(
    shown.map(({ grid }) => grid),
    { signal },
  );
  return shown.map(({ step, grid }, i) => ({
    caption: `${step}/${moments.length}`,
    image: images[i]!,
    grid,
  }));
}
