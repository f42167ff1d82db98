import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  armLines,
  armsSheet,
  type EvaluationDocument,
  forestPlot,
  plotFile,
  speedQualityPlot,
  writeEvaluation,
  writeJson,
  writePng,
  writeWhole,
} from '@tessera/cli/evaluation';
import type { Classes } from '@tessera/recipe';
import { conclusionsOf, markedIfStale } from './conclusions.js';
import { indexPage } from './evidence-index.js';
import type { StudyResult } from './run-study.js';
import { STUDIES } from './studies/index.js';
import type { Study } from './study.js';
import { studyPage } from './study-page.js';

const PLOT_WIDTH = 920;

/** `STUDY.json`: the evaluation, and what was asked. */
interface StudyDocument {
  readonly study: Study;
  readonly evaluation: EvaluationDocument;
}

export interface StudyPlaces {
  /** docs/evidence. */
  readonly docs: string;
  /** Where the report page with all pictures goes. */
  readonly reports: string;
}

/** Writes what a study found, and keeps the conclusions of its page. */
export async function writeStudy(
  result: StudyResult,
  { docs, reports }: StudyPlaces,
  classes: Classes,
): Promise<void> {
  const { study, arms, evaluation } = result;
  const { document, pictures } = evaluation;
  const pagePath = join(docs, `${study.id}.md`);
  const page = existsSync(pagePath) ? await readFile(pagePath, 'utf8') : undefined;
  // Read first: a page that has lost its marks must not be written over.
  const earlier = await keptDocument(docs, study);
  const conclusions = markedIfStale(conclusionsOf(page), earlier, document);
  const names = document.arms.map(({ name }) => name);
  const sheet = armsSheet({ names, pictures, classes, title: study.title, scale: 1 });
  await writePng(join(docs, `${study.id}.png`), sheet);
  await writeWhole(
    join(docs, `${study.id}.svg`),
    plotFile(forestPlot(document, 'frechet', { width: PLOT_WIDTH })),
  );
  if (document.timing) {
    await writeWhole(
      join(docs, `${study.id}-speed.svg`),
      plotFile(speedQualityPlot(document, { width: PLOT_WIDTH })),
    );
  }
  await writeEvaluation(join(reports, study.id), evaluation, { lines: armLines(arms), classes, scale: 2 });
  await writeWhole(pagePath, studyPage(result, conclusions));
  // Last: what conclusions were drawn from is known by it, and a stop before leaves them to be marked again.
  const kept: StudyDocument = { study, evaluation: document };
  await writeJson(join(docs, `${study.id}.json`), kept);
  await writeWhole(join(docs, 'README.md'), indexPage(await indexEntries(docs)));
}

async function indexEntries(docs: string) {
  return Promise.all(
    STUDIES.map(async (study) => {
      const document = await keptDocument(docs, study);
      return document ? { study, document } : { study };
    }),
  );
}

/** The document of a study's last run. */
async function keptDocument(docs: string, { id }: Study): Promise<EvaluationDocument | undefined> {
  const path = join(docs, `${id}.json`);
  if (!existsSync(path)) return undefined;
  return (JSON.parse(await readFile(path, 'utf8')) as StudyDocument).evaluation;
}
