import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageRgb } from '@tessera/core';
import type { DrawnPicture, FeatureNetwork, MeasuredPicture } from '@tessera/evaluate';
import { type Classes, type Picture, pictureAt } from '@tessera/format';
import { takeLock } from '../files/lock-file.js';
import { readPng, writePng } from '../files/png-file.js';
import { writeJson } from '../files/written-file.js';
import { appendLines, readLines } from './line-file.js';
import {
  type DrawnRecord,
  drawnRecord,
  measuredPicture,
  pictureRecords,
  type SeenRecord,
  type Sitting,
  seenRecord,
} from './picture-records.js';

export interface VariantFolderOptions {
  /** The variant's own. */
  readonly folder: string;
  readonly name: string;
  /** Goes into `variant.json`, for people. */
  readonly description: unknown;
  readonly classes: Classes;
  readonly network: FeatureNetwork;
  /** Tells networks apart. */
  readonly networkKey: string;
  /** This run of the program. */
  readonly sitting: Sitting;
  /** Pictures with an index below this are kept as files. */
  readonly keep: number;
  readonly signal: AbortSignal;
  /** Hears how many of the kept pictures that this network has not seen yet it has been shown. */
  onSeen?(done: number, total: number): void;
  /** The recipe that a kept picture carries. */
  recipeOf(picture: Picture): unknown;
}

/** An variant on the disk: `variant.json`, `drawn.jsonl`, a `seen-NETWORK.jsonl` each network, and `pictures/`. */
export interface VariantFolder {
  /** Pictures that are drawn and that the network has seen, by index. */
  readonly judged: ReadonlyMap<number, MeasuredPicture>;
  /** What each of them took and was drawn with, by index. */
  readonly drawn: ReadonlyMap<number, DrawnRecord>;
  save(pictures: readonly DrawnPicture[]): Promise<void>;
  /** Whether a picture was kept as a file. */
  isKept(index: number): boolean;
  /** A kept picture. */
  read(index: number): Promise<ImageRgb | undefined>;
  /** Lets other processes have it. */
  close(): Promise<void>;
}

/** Pictures that a network sees at once. */
const AT_ONCE = 48;

/**
 * Opens a variant's folder. Pictures that were kept and that this network has not seen yet are shown to it now, rather than
 * drawn again.
 */
export async function openVariant(options: VariantFolderOptions): Promise<VariantFolder> {
  const { folder, name, description, classes, networkKey, sitting, keep, signal } = options;
  const drawnPath = join(folder, 'drawn.jsonl');
  const seenPath = join(folder, `seen-${networkKey}.jsonl`);
  const pathOf = (index: number): string => join(folder, 'pictures', pictureAt(classes, index).file);
  const isKept = (index: number): boolean => existsSync(pathOf(index));
  const close = await takeLock(join(folder, 'lock'), `${name} is being drawn`);
  try {
    await writeJson(join(folder, 'arm.json'), { name, description });
    const records = pictureRecords(await readLines(drawnPath), await readLines(seenPath));
    const seen = new Map(records.seen);
    const unseen = [...records.drawn.values()].filter(({ index }) => !seen.has(index) && isKept(index));
    for (let first = 0; first < unseen.length; first += AT_ONCE) {
      signal.throwIfAborted();
      const part = unseen.slice(first, first + AT_ONCE);
      const found = await see(options.network, part, pathOf);
      await appendLines(seenPath, found);
      for (const [i, drawing] of part.entries()) seen.set(drawing.index, { drawn: drawing, seen: found[i]! });
      options.onSeen?.(first + part.length, unseen.length);
    }
    const drawn = new Map<number, DrawnRecord>();
    const judged = new Map<number, MeasuredPicture>();
    for (const [index, picture] of seen) {
      drawn.set(index, picture.drawn);
      judged.set(index, measuredPicture(picture));
    }
    return {
      judged,
      drawn,
      async save(pictures) {
        for (const { index, image } of pictures) {
          if (index < keep) await writePng(pathOf(index), image, options.recipeOf(pictureAt(classes, index)));
        }
        // What says that a picture is drawn comes last: what a stop cuts off before it is written again.
        await appendLines(
          seenPath,
          pictures.map((picture) => seenRecord(picture, sitting.id)),
        );
        const drawings = pictures.map((picture) => drawnRecord(picture, sitting));
        await appendLines(drawnPath, drawings);
        for (const drawing of drawings) drawn.set(drawing.index, drawing);
        for (const { image: _, ...picture } of pictures) judged.set(picture.index, picture);
      },
      isKept,
      read: async (index) => (isKept(index) ? (await readPng(pathOf(index))).image : undefined),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function see(
  network: FeatureNetwork,
  drawings: readonly DrawnRecord[],
  pathOf: (index: number) => string,
): Promise<SeenRecord[]> {
  const images = await Promise.all(drawings.map(async ({ index }) => (await readPng(pathOf(index))).image));
  const { features, classes, damages } = await network.extract(images);
  return drawings.map(({ index, sitting }, i) =>
    seenRecord(
      {
        index,
        features: features.subarray(i * network.width, (i + 1) * network.width),
        seenClass: classes ? classes[i]! : null,
        seenDamage: damages ? damages[i]! : null,
      },
      sitting,
    ),
  );
}
