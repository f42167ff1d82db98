import { leastPictures, type ReferencePictures } from '@tessera/evaluate';
import { UsageError } from '../usage-error.js';

/**
 * Margins that nobody has set follow from floors at n, for which 2n real pictures are needed. `evaluate` asks for as many
 * too; this says it in the command's words.
 *
 * @param options.classes of the model
 * @param options.margins as given: of Fréchet distance, and of KID
 * @throws UsageError where they are too few
 */
export function assertEnoughReal(
  { features, width, name }: ReferencePictures,
  n: number,
  { classes, margins = [] }: { readonly classes: number; readonly margins?: readonly number[] | undefined },
): void {
  const count = features.length / width;
  if (count >= 2 * n || margins.length === 2) return;
  const most = Math.floor(count / 2);
  const fewer = most < leastPictures(classes) ? [] : [`take --n ${most}`];
  const ways = ['Give more by --real', 'set both margins by --margin FRECHET,KID', ...fewer];
  throw new UsageError(
    `--n ${n} needs ${2 * n} real pictures for margins that follow from them, and there are ${count} (${name}). ` +
      `${ways.slice(0, -1).join(', ')}${ways.length > 2 ? ',' : ''} or ${ways.at(-1)}.`,
  );
}
