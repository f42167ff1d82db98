import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageRgb } from '@tessera/core';
import type { DrawnPicture, FeatureNetwork, JudgedPicture } from '@tessera/evaluate';
import { type Classes, type Picture, pictureAt } from '@tessera/recipe';
import { readPng, writePng } from '../../png-file.js';
import { writeJson } from '../../written-file.js';
import { lockArm } from './arm-lock.js';
import { appendLines, readLines } from './line-file.js';
import { drawnRecord, drawnRecords, judgedPicture, seenRecord, seenRecords } from './picture-records.js';

export interface ArmFolderOptions {
  /** The arm's own. */
  readonly folder: string;
  readonly name: string;
  /** Goes into `arm.json`, for people. */
  readonly description: unknown;
  readonly classes: Classes;
  readonly network: FeatureNetwork;
  /** Tells networks apart. */
  readonly networkKey: string;
  /** This run of the program. */
  readonly sitting: string;
  /** Pictures with an index below this are kept as files. */
  readonly keep: number;
  /** The recipe that a kept picture carries. */
  recipeOf(picture: Picture): unknown;
}

/** An arm on the disk: `arm.json`, `drawn.jsonl`, a `seen-NETWORK.jsonl` each network, and `pictures/`. */
export interface ArmFolder {
  /** Pictures that are drawn and that the network has seen, by index. */
  readonly judged: ReadonlyMap<number, JudgedPicture>;
  /** The sitting that each picture was drawn in, by index. */
  readonly sittings: ReadonlyMap<number, string>;
  save(pictures: readonly DrawnPicture[]): Promise<void>;
  /** A kept picture. */
  read(index: number): Promise<ImageRgb | undefined>;
  /** Lets other processes have it. */
  close(): Promise<void>;
}

/** Pictures that a network sees at once. */
const AT_ONCE = 48;

/**
 * Opens an arm's folder. Pictures that were kept and that this network has not seen yet are shown to it now, rather than
 * drawn again.
 */
export async function openArm(options: ArmFolderOptions): Promise<ArmFolder> {
  const { folder, name, description, classes, networkKey, sitting, keep } = options;
  const drawnPath = join(folder, 'drawn.jsonl');
  const seenPath = join(folder, `seen-${networkKey}.jsonl`);
  const pathOf = (index: number): string => join(folder, 'pictures', pictureAt(classes, index).file);
  const close = await lockArm(folder, name);
  try {
    await writeJson(join(folder, 'arm.json'), { name, description });
    const drawn = drawnRecords(await readLines(drawnPath));
    const seen = new Map(seenRecords(await readLines(seenPath)));
    const unseen = [...drawn.keys()].filter((index) => !seen.has(index) && existsSync(pathOf(index)));
    for (let first = 0; first < unseen.length; first += AT_ONCE) {
      const records = await see(options.network, unseen.slice(first, first + AT_ONCE), pathOf);
      await appendLines(seenPath, records);
      for (const record of records) seen.set(record.index, record);
    }
    const judged = new Map<number, JudgedPicture>();
    const sittings = new Map<number, string>();
    for (const [index, record] of drawn) {
      sittings.set(index, record.sitting);
      const own = seen.get(index);
      if (own) judged.set(index, judgedPicture(record, own));
    }
    return {
      judged,
      sittings,
      async save(pictures) {
        for (const { index, image } of pictures) {
          if (index < keep) await writePng(pathOf(index), image, options.recipeOf(pictureAt(classes, index)));
        }
        // What says that a picture is drawn comes last: what a stop cuts off before it is written again.
        await appendLines(seenPath, pictures.map(seenRecord));
        await appendLines(
          drawnPath,
          pictures.map((picture) => drawnRecord(picture, sitting)),
        );
        for (const { image: _, ...picture } of pictures) {
          judged.set(picture.index, picture);
          sittings.set(picture.index, sitting);
        }
      },
      read: async (index) => (existsSync(pathOf(index)) ? (await readPng(pathOf(index))).image : undefined),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function see(network: FeatureNetwork, indices: readonly number[], pathOf: (index: number) => string) {
  const images = await Promise.all(indices.map(async (index) => (await readPng(pathOf(index))).image));
  const { features, classes, damages } = await network.extract(images);
  return indices.map((index, i) =>
    seenRecord({
      index,
      features: features.subarray(i * network.width, (i + 1) * network.width),
      seenClass: classes ? classes[i]! : null,
      seenDamage: damages ? damages[i]! : null,
    }),
  );
}
