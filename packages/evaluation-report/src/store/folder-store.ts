import { join } from 'node:path';
import type { ImageRgb } from '@tessera/core';
import type { EvaluationStore, FeatureNetwork, VariantIdentity } from '@tessera/evaluate';
import { jsonHash, type Picture } from '@tessera/format';
import { type Environment, type Environments, environmentsOf, type RecordedPart } from '../environment.js';
import { EvaluationRequestError } from '../evaluation-request-error.js';
import type { Recorded } from '../feature-network-file.js';
import { type Variant, variantKey } from '../variant.js';
import { findRecorded } from './find-recorded.js';
import { claimFolder, type FolderIdentity } from './folder-identity.js';
import { openVariant, RECORDED, type VariantFolder } from './variant-folder.js';

export interface FolderStoreOptions {
  readonly folder: string;
  readonly identity: FolderIdentity;
  readonly arms: readonly Variant[];
  readonly pictureOf: (index: number) => Picture;
  readonly network: FeatureNetwork;
  readonly networkKey: string;
  /** Variants that come with the network. */
  readonly recorded?: readonly Recorded[];
  /** What is drawn now is drawn with. */
  readonly environment: Environment;
  readonly keep: number;
  readonly signal: AbortSignal;
  /** Hears how many of a variant's kept pictures a network has been shown that had not seen them yet. */
  onSeen?(arm: string, done: number, total: number): void;
  /** The recipe that a kept picture of a variant carries. */
  recipeOf(variant: Variant, picture: Picture): unknown;
}

/**
 * Pictures of evaluations on the disk, each variant in a folder that is named by the hash of how it is sampled: whatever
 * else is evaluated with the same model and seed, under whatever name, finds them there.
 */
export interface FolderStore extends EvaluationStore {
  /** How many of a variant's pictures 0 … n − 1 are there. */
  count(arm: string, n: number): number;
  /** Whether all variants drew picture k in the same session, of nine in ten of the pictures 0 … n − 1 at least. */
  together(n: number): boolean;
  /** What the pictures 0 … n − 1 of all variants were drawn with, in this session and in earlier ones. */
  environments(n: number): Environments;
  /** Of the pictures 0 … n − 1, those that were not drawn here: they come with the network. */
  recorded(n: number): readonly RecordedPart[];
  /** How many of the pictures 0 … n − 1 of all variants should be kept as files and were not when they were drawn. */
  notKept(n: number): number;
  /** The first pictures of a variant, as far as they were kept. */
  firstPictures(arm: string, most: number): Promise<readonly ImageRgb[]>;
  /** Lets other processes have the variants. */
  close(): Promise<void>;
}

/**
 * Opens a folder, or makes it.
 *
 * @throws EvaluationFolderError where it holds another evaluation, LockedError where another process is at it
 * @throws EvaluationRequestError where two variants are one
 */
export async function openFolderStore(options: FolderStoreOptions): Promise<FolderStore> {
  const { folder, identity, arms, environment, keep, signal } = options;
  const keyed = await keyedArms(arms);
  await claimFolder(folder, identity);
  const session = { id: `${new Date().toISOString()} ${process.pid}`, ...environment };
  const opened = new Map<string, VariantFolder>();
  const close = async (): Promise<void> => {
    for (const arm of opened.values()) await arm.close();
  };
  try {
    for (const [key, variant] of keyed) {
      const { name } = variant;
      signal.throwIfAborted();
      opened.set(
        name,
        await openVariant({
          ...options,
          folder: join(folder, 'arms', key),
          name,
          description: variantKey(variant),
          recorded: await findRecorded(options.recorded ?? [], variantKey(variant), identity),
          session,
          onSeen: (done, total) => options.onSeen?.(name, done, total),
          recipeOf: (picture) => options.recipeOf(variant, picture),
        }),
      );
    }
  } catch (error) {
    await close();
    throw error;
  }
  const folderOf = ({ name }: Pick<VariantIdentity, 'name'>): VariantFolder => opened.get(name)!;
  return {
    load: async (arm) => [...folderOf(arm).pictures.values()].map(({ measured }) => measured),
    save: (arm, pictures) => folderOf(arm).save(pictures),
    count: (name, n) => [...folderOf({ name }).pictures.keys()].filter((index) => index < n).length,
    together(n) {
      const variants = [...opened.values()];
      const shared = Array.from({ length: n }, (_, index) => index).filter((index) => {
        const sessions = variants.map(({ pictures }) => pictures.get(index)?.drawn.sitting);
        return new Set(sessions).size === 1;
      });
      return shared.length >= 0.9 * n;
    },
    environments: (n) =>
      environmentsOf(
        [...opened.values()].flatMap(({ pictures }) =>
          [...pictures.values()].flatMap(({ drawn }) =>
            drawn.index < n && drawn.sitting !== RECORDED ? drawn : [],
          ),
        ),
      ),
    recorded: (n) =>
      [...opened].flatMap(([arm, { pictures }]) => {
        const records = [...pictures.values()].flatMap(({ drawn }) =>
          drawn.index < n && drawn.sitting === RECORDED ? drawn : [],
        );
        return records[0] ? { arm, pictures: records.length, ...environmentsOf(records) } : [];
      }),
    notKept: (n) =>
      [...opened.values()].flatMap(({ pictures, isKept }) =>
        [...pictures.values()].filter(
          ({ drawn: { index, sitting } }) =>
            index < Math.min(keep, n) && sitting !== RECORDED && !isKept(index),
        ),
      ).length,
    async firstPictures(name, most) {
      const images: ImageRgb[] = [];
      for (let index = 0; index < most; index++) {
        const image = await folderOf({ name }).read(index);
        if (!image) break;
        images.push(image);
      }
      return images;
    },
    close,
  };
}

/** Arms by the hash of how they sample. */
async function keyedArms(arms: readonly Variant[]): Promise<ReadonlyMap<string, Variant>> {
  const keyed = new Map<string, Variant>();
  for (const arm of arms) {
    const key = (await jsonHash(variantKey(arm))).slice(0, 16);
    const other = keyed.get(key);
    if (other) {
      throw new EvaluationRequestError(
        `${other.name} and ${arm.name} are the same way to sample. Leave one of them out.`,
      );
    }
    keyed.set(key, arm);
  }
  return keyed;
}
