import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageRgb } from '@tessera/core';
import type { DrawnPicture, FeatureNetwork, MeasuredPicture } from '@tessera/evaluate';
import type { Picture } from '@tessera/format';
import * as v from 'valibot';
import type { Environment } from '../environment.js';
import type { Recorded } from '../feature-network-file.js';
import { takeLock } from '../files/lock-file.js';
import { readPng, writePng } from '../files/png-file.js';
import { writeJson } from '../files/written-file.js';
import { appendLines, readLines } from './line-file.js';
import { extractFiles, featuresOf, featuresText, type SeenPicture, seenEntries } from './seen-pictures.js';

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** A line of `drawn.jsonl`: what a picture took, and what it was drawn with. */
const drawnSchema = v.object({
  index: count,
  seconds: v.number(),
  headEvaluations: v.number(),
  passes: v.number(),
  /** The id of the {@link Session} that drew it. */
  sitting: v.string(),
  threads: count,
  versions: v.record(v.string(), v.string()),
  machine: v.object({ processor: v.string(), cores: count }),
});

/** A line of `seen-NETWORK.jsonl`; `sitting` names the drawing that the network was shown. */
const seenSchema = v.object({ index: count, sitting: v.string(), ...seenEntries });

type DrawnRecord = v.InferOutput<typeof drawnSchema>;

/** How many pictures of each variant a report shows: four of each class of the embedded model. */
export const SHOWN = 48;

/** The session of pictures that come with the network. */
export const RECORDED = 'recorded';

/** The first picture that is taken from those that come with the network: the ones before are drawn, to be looked at. */
export function recordedFrom(keep: number): number {
  return Math.min(keep, SHOWN);
}

/** One run of the program, from its start to its end or stop. */
export interface Session extends Environment {
  readonly id: string;
}

export interface VariantFolderOptions {
  /** The variant's own. */
  readonly folder: string;
  readonly name: string;
  /** Goes into `arm.json`, for people. */
  readonly description: unknown;
  readonly pictureOf: (index: number) => Picture;
  readonly network: FeatureNetwork;
  /** Tells networks apart. */
  readonly networkKey: string;
  /** This run of the program. */
  readonly session: Session;
  /** Pictures with an index below this are kept as files. */
  readonly keep: number;
  readonly signal: AbortSignal;
  /** Pictures of it that were drawn before, elsewhere; those that are to be kept as files are drawn again. */
  readonly recorded?: Recorded | undefined;
  /** Called with how many of the kept pictures that were new to this network it has been shown. */
  onSeen?(done: number, total: number): void;
  /** The recipe that a kept picture carries. */
  recipeOf(picture: Picture): unknown;
}

/** A variant on the disk: `arm.json`, `drawn.jsonl`, a `seen-NETWORK.jsonl` each network, and `pictures/`. */
export interface VariantFolder {
  /** Pictures that are drawn and that the network was shown, by index. */
  readonly pictures: ReadonlyMap<number, { readonly drawn: DrawnRecord; readonly measured: MeasuredPicture }>;
  save(pictures: readonly DrawnPicture[]): Promise<void>;
  /** Whether a picture was kept as a file. */
  isKept(index: number): boolean;
  /** A kept picture. */
  read(index: number): Promise<ImageRgb | undefined>;
  /** Releases the folder for other processes. */
  close(): Promise<void>;
}

/**
 * Opens a variant's folder. Pictures that were kept and that are new to this network are shown to it now, rather than drawn
 * again. Of several lines of one picture the last counts. A picture is drawn again where another network asks for one that
 * was not kept: what a network found stays with the drawing that it was shown, and is left out where that is not recorded.
 */
export async function openVariant(options: VariantFolderOptions): Promise<VariantFolder> {
  const { folder, name, description, pictureOf, network, networkKey, session, keep, signal } = options;
  const drawnPath = join(folder, 'drawn.jsonl');
  const seenPath = join(folder, `seen-${networkKey}.jsonl`);
  const pathOf = (index: number): string => join(folder, 'pictures', pictureOf(index).file);
  const isKept = (index: number): boolean => existsSync(pathOf(index));
  const close = await takeLock(join(folder, 'lock'), `${name} is being drawn`);
  try {
    await writeJson(join(folder, 'arm.json'), { name, description });
    const pictures = new Map<number, { drawn: DrawnRecord; measured: MeasuredPicture }>();
    const add = (drawn: DrawnRecord, seen: SeenPicture): void => {
      const { index, seconds, headEvaluations, passes } = drawn;
      const { seenClass, seenDamage, seenThings } = seen;
      const measured = {
        ...{ index, features: featuresOf(seen), seenClass, seenDamage },
        ...(seenThings ? { seenThings } : {}),
        ...{ seconds, headEvaluations, passes },
      };
      pictures.set(index, { drawn, measured });
    };
    const key = ({ index, sitting }: Pick<DrawnRecord, 'index' | 'sitting'>): string => `${index} ${sitting}`;
    const drawings = (await readLines(drawnPath)).filter((line) => v.is(drawnSchema, line));
    const bySession = new Map(drawings.map((drawn) => [key(drawn), drawn]));
    for (const line of await readLines(seenPath)) {
      const drawn = v.is(seenSchema, line) ? bySession.get(key(line)) : undefined;
      if (drawn) add(drawn, line as SeenPicture);
    }
    const last = new Map(drawings.map((drawn) => [drawn.index, drawn])).values();
    const unseen = [...last].filter(({ index }) => !pictures.has(index) && isKept(index));
    await extractFiles(
      unseen.map(({ index }) => pathOf(index)),
      {
        network,
        signal,
        async save(first, found) {
          const part = unseen.slice(first, first + found.length);
          await appendLines(
            seenPath,
            part.map(({ index, sitting }, i) => ({ index, sitting, ...found[i]! })),
          );
          for (const [i, drawn] of part.entries()) add(drawn, found[i]!);
          options.onSeen?.(first + part.length, unseen.length);
        },
      },
    );
    const { recorded } = options;
    for (const measured of recorded ? await recorded.pictures() : []) {
      const { index, seconds, headEvaluations, passes } = measured;
      if (index < recordedFrom(keep) || pictures.has(index)) continue;
      const { threads, versions, machine } = recorded!.variant;
      const drawn = {
        index,
        seconds,
        headEvaluations,
        passes,
        sitting: RECORDED,
        threads,
        versions,
        machine,
      };
      pictures.set(index, { drawn, measured });
    }
    return {
      pictures,
      async save(made) {
        for (const { index, image } of made) {
          if (index < keep) await writePng(pathOf(index), image, options.recipeOf(pictureOf(index)));
        }
        const { id: sitting, threads, versions, machine } = session;
        // What says that a picture is drawn comes last: what a stop cuts off before it is written again.
        await appendLines(
          seenPath,
          made.map(({ index, seenClass, seenDamage, seenThings, features }) => ({
            ...{ index, sitting, seenClass, seenDamage },
            ...(seenThings ? { seenThings } : {}),
            features: featuresText(features),
          })),
        );
        const drawn = made.map(({ index, seconds, headEvaluations, passes }) => ({
          ...{ index, seconds, headEvaluations, passes },
          ...{ sitting, threads, versions, machine },
        }));
        await appendLines(drawnPath, drawn);
        for (const [i, { image: _, ...measured }] of made.entries())
          pictures.set(measured.index, { drawn: drawn[i]!, measured });
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
