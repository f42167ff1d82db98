import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readStudy, readStudyRecord } from '@tessera/evaluation-report';
import type { IndexEntry } from './evidence-index.js';

/** All studies, in the order that the index lists them. */
export const STUDIES: readonly string[] = [
  'order',
  'ablation',
  'sweeps',
  'fts',
  'speed',
  'fast',
  'parts',
  'lazymar',
  'nonsquare',
  'guidance',
  'head',
  'text',
];

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
export const DOCS = join(ROOT, 'docs', 'evidence');

export function studyPath(name: string): string {
  return join(ROOT, 'tools', 'evidence', 'studies', `${name}.json`);
}

/** Options that leave a study's numbers as they are. */
const HARMLESS = ['--workers', '--threads', '--render', '--json'];

/** Where pages go: a run by the study's own numbers is on record, any other is a look. */
export function pagesFolder(options: readonly string[]): string {
  const isRecord = options.every((word) => !word.startsWith('-') || HARMLESS.includes(word.split('=')[0]!));
  return isRecord ? DOCS : join(ROOT, 'out', 'evidence', 'looks');
}

/** Each study, with what its last run on record found. */
export async function readEntries(): Promise<IndexEntry[]> {
  return Promise.all(
    STUDIES.map(async (name) => {
      const study = await readStudy(studyPath(name));
      if (!existsSync(join(DOCS, `${name}.json`))) return { study };
      return { study, document: (await readStudyRecord(DOCS, name)).evaluation };
    }),
  );
}
