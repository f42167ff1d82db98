import { join } from 'node:path';
import { type Classes, pictureAt, slugOf } from '@tessera/recipe';
import { pngBytes } from '@tessera/recipe/png';
import { shortName } from '../picture-sheet.js';
import { writePng } from '../png-file.js';
import { writeJson, writeWhole } from '../written-file.js';
import type { ArmLines } from './arm-lines.js';
import type { FolderEvaluation } from './evaluate-in-folder.js';
import { armSheet, armsSheet } from './evaluation-sheets.js';
import { reportPage } from './page/report-page.js';
import { shrunkPicture } from './shrunk-picture.js';

/** The longest side of a picture on the page. */
const PAGE_PICTURE = 128;

/** Where a report was written to. */
export interface WrittenEvaluation {
  readonly report: string;
  readonly page: string;
  readonly sheet: string;
  readonly sheets: readonly string[];
}

/** Writes `report.json`, `report.html`, `sheet.png` with a row an arm, and `sheets/ARM.png`. */
export async function writeEvaluation(
  folder: string,
  { document, pictures }: FolderEvaluation,
  { lines, classes, scale }: { lines: ArmLines; classes: Classes; scale: number },
): Promise<WrittenEvaluation> {
  const names = document.arms.map(({ name }) => name);
  const written = {
    report: join(folder, 'report.json'),
    page: join(folder, 'report.html'),
    sheet: join(folder, 'sheet.png'),
    sheets: names.map((name, i) => join(folder, 'sheets', `${i + 1}-${slugOf(name)}.png`)),
  };
  const title = `${document.model.name}, seed ${document.seed}`;
  await writePng(written.sheet, armsSheet({ names, pictures, classes, title, scale }));
  for (const [i, name] of names.entries()) {
    await writePng(written.sheets[i]!, armSheet(name, pictures[i]!, { classes, scale }));
  }
  const pagePictures = pictures.map((list) =>
    list.map((image, index) => ({
      png: pngBytes(shrunkPicture(image, PAGE_PICTURE)),
      className: shortName(pictureAt(classes, index)),
    })),
  );
  await writeWhole(written.page, reportPage({ document, lines, pictures: pagePictures }));
  await writeJson(written.report, document);
  return written;
}
