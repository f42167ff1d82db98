import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { readStudy } from '@tessera/evaluation-report';
import { indexPage } from './evidence-index.js';
import { DOCS, pagesFolder, ROOT, readEntries, STUDIES, studyPath } from './places.js';
import { prepareModel, tessera } from './prepare-model.js';

const HELP = `npm run evidence -- STUDY… [options of tessera evaluate]

Draws what a study lacks, measures, and writes docs/evidence/STUDY.md, .json, .svg and .png. With other options than the
study's own, e.g. --n 240 or --model DIR, these go to out/evidence/looks.

  STUDY      ${STUDIES.join(', ')}; all: every one of them, in this order
  --workers  processes that draw (as many as the CPU has cores)
  --render   writes the page again from its record, and draws nothing

Stop it at any time; the same command goes on. Pictures are kept in .cache/evidence and shared by all studies.`;

async function main(args: readonly string[]): Promise<number> {
  const end = args.findIndex((word) => word.startsWith('-'));
  const names = end < 0 ? args : args.slice(0, end);
  const options = end < 0 ? [] : args.slice(end);
  if (names.length === 0) {
    console.log(HELP);
    return 0;
  }
  const unknown = names.find((name) => name !== 'all' && !STUDIES.includes(name));
  if (unknown !== undefined) {
    console.error(`evidence: There is no study "${unknown}". There are: ${STUDIES.join(', ')}, all.`);
    return 2;
  }
  for (const name of names.includes('all') ? STUDIES : names) {
    const { model } = await readStudy(studyPath(name));
    const fitting = options.includes('--render') ? [] : prepareModel(model);
    if (!fitting) return 1;
    const given = [
      ...['--study', relative(ROOT, studyPath(name)), '--page', pagesFolder(options), ...fitting],
      ...['--out', join(ROOT, '.cache', 'evidence'), '--workers', `${availableParallelism()}`],
    ];
    const code = tessera(['evaluate', ...given, ...options]);
    if (code !== 0) return code;
  }
  writeFileSync(join(DOCS, 'README.md'), indexPage(await readEntries()));
  return 0;
}

process.exitCode = await main(process.argv.slice(2));
