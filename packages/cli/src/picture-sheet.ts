import type { ImageRgb } from '@tessera/core';
import { contactSheet, inRows, shortName } from '@tessera/evaluation-report/display';
import type { Picture } from '@tessera/format';
import type { LoadedModel } from '@tessera/runtime-node';

/** A contact sheet of one picture a class or prompt, captioned, in a block; or of several, a row each. */
export function pictureSheet(
  pictures: readonly { readonly picture: Picture; readonly image: ImageRgb }[],
  scale: number,
): ImageRgb {
  const byTitle = new Map<string, (typeof pictures)[number][]>();
  for (const each of pictures) {
    // Two classes may have one name.
    const title = 'prompt' in each.picture ? each.picture.prompt : `${each.picture.classLabel}`;
    byTitle.set(title, [...(byTitle.get(title) ?? []), each]);
  }
  const rows = [...byTitle.values()];
  if (rows.every((row) => row.length === 1)) {
    const cells = pictures.map(({ picture, image }) => ({ image, caption: shortName(picture) }));
    return contactSheet({ rows: inRows(cells), scale });
  }
  return contactSheet({
    rows: rows.map((row) => ({
      label: [shortName(row[0]!.picture)],
      cells: row.map(({ image }) => ({ image })),
    })),
    scale,
  });
}

/** How many times pictures of a model are enlarged for people to look at: to about 128 pixels. */
export function sheetScale({ manifest: { grid, latents } }: LoadedModel): number {
  return Math.max(1, Math.round(128 / (grid.width * latents.patchSize * latents.stride)));
}
