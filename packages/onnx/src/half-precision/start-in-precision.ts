import type { ComponentName, Manifest, Precision, StorageType } from '@tessera/format';
import { firstSentence } from '../loading/start-on-device.js';

/** A model, and the precision that it computes in. */
export interface StartedInPrecision<Model> {
  readonly model: Model;
  readonly precision: Precision;
  /** Why it isn't fp16, which was requested: a sentence. */
  readonly precisionReason?: string;
}

/**
 * Starts a model in fp16 where that was requested and nothing is in its way, and in fp32 otherwise, and where fp16 fails.
 *
 * @param options.obstacle why fp16 can't be had, in a sentence
 * @param options.reason an error as a sentence that says why fp16 failed. @default {@link firstSentence}
 * @param start creates the model, and checks it where it is to be checked
 */
export async function startInPrecision<Model>(
  {
    wanted,
    obstacle,
    reason = firstSentence,
  }: {
    readonly wanted: Precision;
    readonly obstacle?: string | undefined;
    reason?(error: unknown): string;
  },
  start: (precision: Precision) => Promise<Model>,
): Promise<StartedInPrecision<Model>> {
  if (wanted === 'fp32') return { model: await start('fp32'), precision: 'fp32' };
  let precisionReason = obstacle;
  if (precisionReason === undefined) {
    try {
      return { model: await start('fp16'), precision: 'fp16' };
    } catch (error) {
      precisionReason = reason(error);
    }
  }
  // What fails in either precision throws here.
  return { model: await start('fp32'), precision: 'fp32', precisionReason };
}

/** What about a model keeps it from fp16, in a sentence; undefined where nothing does. */
export function precisionObstacle(
  { parity }: Pick<Manifest, 'parity'>,
  dtype: StorageType,
): string | undefined {
  if (dtype !== 'fp16') {
    return `The weights are stored in ${dtype}: fp16 takes those stored in fp16.`;
  }
  return parity ? undefined : 'The model has no recorded sample, by which fp16 is checked.';
}

/**
 * Whether a graph of a model in that precision is rewritten by `halfGraph`. Three stay in fp32: the sines of `embed` lose their meaning in it, text encoders such as T5 exceed
 * its range, and `positions` is computed once.
 */
export function takesHalf(graph: ComponentName, precision: Precision): boolean {
  return precision === 'fp16' && graph !== 'embed' && graph !== 'positions' && graph !== 'textEncoder';
}
