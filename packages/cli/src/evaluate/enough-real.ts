import type { ReferencePictures } from '@tessera/evaluate';
import { UsageError } from '../usage-error.js';

/**
 * Margins that nobody has set follow from floors at n, for which 2n real pictures are needed. `evaluate` asks for as many
 * too; this says it in the command's words.
 *
 * @param margins as given: of Fréchet distance, and of KID
 * @throws UsageError where they are too few
 */
export function assertEnoughReal(
  { features, width, name }: ReferencePictures,
  n: number,
  margins: readonly number[] = [],
): void {
  const count = features.length / width;
  if (count >= 2 * n || margins.length === 2) return;
  throw new UsageError(
    `--n ${n} needs ${2 * n} real pictures for margins that follow from them, and there are ${count} (${name}). ` +
      `Give more by --real, set both margins by --margin FRECHET,KID, or take --n ${Math.floor(count / 2)}.`,
  );
}
