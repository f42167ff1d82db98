import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImageRgb } from '@tessera/core';
import type { EvaluationDocument } from '../evaluation-document.js';
import { EvaluationRequestError } from '../evaluation-request-error.js';
import { variantsSheet } from '../evaluation-sheets.js';
import { writePng } from '../files/png-file.js';
import { writeJson, writeWhole } from '../files/written-file.js';
import { curvePlots } from '../page/curve-plots.js';
import { forestPlot } from '../page/forest-plot.js';
import { plotFile } from '../page/plot-file.js';
import { speedQualityPlot } from '../page/speed-quality-plot.js';
import type { Subjects } from '../subjects.js';
import type { Study } from './study.js';
import { studyPage } from './study-page.js';

const PLOT_WIDTH = 920;

/** `STUDY.json`: the evaluation, and what was asked. */
export interface StudyRecord {
  readonly study: Study;
  readonly evaluation: EvaluationDocument;
}

/** `STUDY.md` and its plots by their names, a function of the study and its results alone. */
export function studyPageFiles(study: Study, document: EvaluationDocument): Readonly<Record<string, string>> {
  return {
    [`${study.id}.svg`]: plotFile(forestPlot(document, 'frechet', { width: PLOT_WIDTH })),
    ...(document.timing
      ? { [`${study.id}-speed.svg`]: plotFile(speedQualityPlot(document, { width: PLOT_WIDTH })) }
      : {}),
    ...(study.curves
      ? { [`${study.id}-curves.svg`]: plotFile(curvePlots(document, study.curves, { width: PLOT_WIDTH })) }
      : {}),
    [`${study.id}.md`]: studyPage(study, document),
  };
}

/** Writes the page, its plots, a sheet of the first pictures and the record into a folder. */
export async function writeStudy(
  folder: string,
  study: Study,
  document: EvaluationDocument,
  {
    pictures,
    subjects,
  }: { readonly pictures: readonly (readonly ImageRgb[])[]; readonly subjects: Subjects },
): Promise<void> {
  const names = document.arms.map(({ name }) => name);
  // The numbers first: hours of drawing hang on them.
  await writeJson(join(folder, `${study.id}.json`), { study, evaluation: document } satisfies StudyRecord);
  const sheet = variantsSheet({ names, pictures, subjects, title: study.title, scale: 1 });
  await writePng(join(folder, `${study.id}.png`), sheet);
  await writePage(folder, study, document);
}

/**
 * Writes the page and its plots again from their record, e.g. with other conclusions. Nothing is drawn.
 *
 * @throws EvaluationRequestError where the folder has no record of the study, or one that can't be read
 */
export async function renderStudy(folder: string, study: Study): Promise<void> {
  const { evaluation } = await readStudyRecord(folder, study.id);
  await writePage(folder, study, evaluation);
}

/** @throws EvaluationRequestError where there is none, or it can't be read */
export async function readStudyRecord(folder: string, id: string): Promise<StudyRecord> {
  const path = join(folder, `${id}.json`);
  if (!existsSync(path)) throw new EvaluationRequestError(`There is no record of the study at ${path}.`);
  try {
    return JSON.parse(await readFile(path, 'utf8')) as StudyRecord;
  } catch {
    throw new EvaluationRequestError(`${path} is not JSON. Restore it, or delete it and run the study.`);
  }
}

async function writePage(folder: string, study: Study, document: EvaluationDocument): Promise<void> {
  for (const [name, content] of Object.entries(studyPageFiles(study, document))) {
    await writeWhole(join(folder, name), content);
  }
}
