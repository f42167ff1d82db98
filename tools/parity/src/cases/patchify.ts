import { patchify, unpatchify } from '@tessera/core/model';
import { type Check, compare } from '../compare.js';
import type { GoldenCase } from '../golden-case.js';
import { GoldenDataError } from '../golden-data-error.js';
import { rowsOf } from '../golden-files.js';
import { TOLERANCES } from '../tolerances.js';

/** Latents ↔ tokens; the patch size follows from the two shapes. */
export async function replayPatchify({ fields, tensors }: GoldenCase): Promise<readonly Check[]> {
  const file = await tensors(fields.text('file'));
  const tokens = file.get('tokens', [undefined, undefined, undefined]);
  const [batch, , tokenWidth] = tokens.shape as [number, number, number];
  const latent = file.get('latent', [batch, undefined, undefined, undefined]);
  const [, channels, rows, columns] = latent.shape as [number, number, number, number];
  const patchSize = Math.sqrt(tokenWidth / channels);
  if (!Number.isInteger(patchSize)) {
    throw new GoldenDataError(`${file.path}: tokens of ${tokenWidth} values don't fit ${channels} channels.`);
  }
  const shape = { channels, height: rows / patchSize, width: columns / patchSize };
  const latentRows = rowsOf(latent);
  return rowsOf(tokens).flatMap((row, i) => [
    compare('tokens', patchify(latentRows[i]!, shape, patchSize), row, TOLERANCES.exact),
    compare('latent', unpatchify(row, shape, patchSize), latentRows[i]!, TOLERANCES.exact),
  ]);
}
