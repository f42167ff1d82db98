import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { slugOf } from '@tessera/format';
import { pngBytes } from '@tessera/format/png';
import { shortName } from './display/contact-sheet.js';
import type { FolderEvaluation } from './evaluate-in-folder.js';
import { variantSheet, variantsSheet } from './evaluation-sheets.js';
import { writePng } from './files/png-file.js';
import { writeJson, writeWhole } from './files/written-file.js';
import { reportPage } from './page/report-page.js';
import { shrunkPicture } from './shrunk-picture.js';
import type { Subjects } from './subjects.js';

/** The longest side of a picture on the page. */
const PAGE_PICTURE = 128;

/** Where a report was written to. */
export interface WrittenEvaluation {
  readonly report: string;
  readonly page: string;
  /** Absent where a variant has no kept pictures. */
  readonly sheet?: string;
  /** Of the variants that have kept pictures. */
  readonly sheets: readonly string[];
}

/**
 * Writes `report.json` and `report.html`; and, where pictures were kept, `sheet.png` with a row a variant, and
 * `sheets/NUMBER-ARM.png`. Sheets of an earlier report go.
 */
export async function writeEvaluation(
  folder: string,
  { document, pictures }: FolderEvaluation,
  { subjects, scale }: { readonly subjects: Subjects; readonly scale: number },
): Promise<WrittenEvaluation> {
  const names = document.arms.map(({ name }) => name);
  const report = join(folder, 'report.json');
  const page = join(folder, 'report.html');
  // The numbers first: hours of drawing hang on them, and on no page.
  await writeJson(report, document);
  await deleteSheets(folder);
  const sheet = pictures.every((list) => list.length > 0) ? join(folder, 'sheet.png') : undefined;
  if (sheet !== undefined) {
    const title = `${document.model.name}, seed ${document.seed}`;
    await writePng(sheet, variantsSheet({ names, pictures, subjects, title, scale }));
  }
  const sheets: string[] = [];
  for (const [i, name] of names.entries()) {
    if (pictures[i]!.length === 0) continue;
    const path = join(folder, 'sheets', `${i + 1}-${slugOf(name)}.png`);
    await writePng(path, variantSheet(name, pictures[i]!, { subjects, scale }));
    sheets.push(path);
  }
  const pagePictures = pictures.map((list) =>
    list.map((image, index) => ({
      png: pngBytes(shrunkPicture(image, PAGE_PICTURE)),
      className: shortName(subjects.pictureOf(index)),
    })),
  );
  await writeWhole(page, reportPage({ document, pictures: pagePictures }));
  return { report, page, ...(sheet === undefined ? {} : { sheet }), sheets };
}

async function deleteSheets(folder: string): Promise<void> {
  await rm(join(folder, 'sheet.png'), { force: true });
  const sheets = join(folder, 'sheets');
  const names = existsSync(sheets) ? await readdir(sheets) : [];
  for (const name of names) if (/^\d+-.*\.png$/.test(name)) await rm(join(sheets, name));
}
