import type { Manifest } from './manifest.js';

/** Below this width, what a picture costs besides arithmetic is worth sharing among several, on a CPU too. */
const NARROW = 512;

/** What help says of {@link usualBatch}. */
export const USUAL_BATCH = 'default: 1 on the CPU, 4 of small models; 8 elsewhere';

/**
 * Pictures drawn at once where nothing is asked for. On a CPU a batch of a wide model gains little, and its first picture comes
 * late; a step of a narrow one is over before its operators are.
 */
export function usualBatch({
  device,
  manifest,
}: {
  readonly device: string;
  readonly manifest: Pick<Manifest, 'widths'>;
}): number {
  if (device !== 'cpu') return 8;
  return manifest.widths.decoder < NARROW ? 4 : 1;
}
