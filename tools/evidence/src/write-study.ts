import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type EvaluationDocument,
  forestPlot,
  plotFile,
  speedQualityPlot,
  variantLines,
  variantsSheet,
  writeEvaluation,
} from '@tessera/evaluation-report';
import { writeJson, writePng, writeWhole } from '@tessera/evaluation-report/files';
import type { Classes } from '@tessera/format';
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

/**
 * What can be known of a study's page before hours of drawing.
 *
 * @throws Error where its conclusions can't be kept, or what was found of any study can't be read
 */
export async function assertPages(docs: string, study: Study): Promise<void> {
  await keptConclusions(docs, study);
  await indexEntries(docs);
}

/** Writes what a study found, and keeps the conclusions of its page. */
export async function writeStudy(
  result: StudyResult,
  { docs, reports }: StudyPlaces,
  classes: Classes,
): Promise<void> {
  const { study, arms, evaluation } = result;
  const { document, pictures } = evaluation;
  // Read first: a page that has lost its marks must not be written over.
  const earlier = await keptDocument(docs, study);
  const conclusions = markedIfStale(await keptConclusions(docs, study), earlier, document);
  const names = document.arms.map(({ name }) => name);
  const sheet = variantsSheet({ names, pictures, classes, title: study.title, scale: 1 });
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
  await writeEvaluation(join(reports, study.id), evaluation, {
    lines: variantLines(arms),
    classes,
    scale: 2,
  });
  await writeWhole(pageOf(docs, study), studyPage(result, conclusions));
  // Last: what conclusions were drawn from is known by it, and a stop before leaves them to be marked again.
  const kept: StudyDocument = { study, evaluation: document };
  await writeJson(join(docs, `${study.id}.json`), kept);
  await writeWhole(join(docs, 'README.md'), indexPage(await indexEntries(docs)));
}

const pageOf = (docs: string, { id }: Study): string => join(docs, `${id}.md`);

async function keptConclusions(docs: string, study: Study): Promise<string | undefined> {
  const path = pageOf(docs, study);
  return conclusionsOf(existsSync(path) ? await readFile(path, 'utf8') : undefined, path);
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
  const text = await readFile(path, 'utf8');
  try {
    return (JSON.parse(text) as StudyDocument).evaluation;
  } catch (error) {
    throw new Error(`${path} is not JSON. Restore it from the last commit, or remove it and run the study.`, {
      cause: error,
    });
  }
}
