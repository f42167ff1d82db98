import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { studyPageFiles, variantsOf } from '@tessera/evaluation-report';
import { jsonHash, parseManifest } from '@tessera/format';
import { modelFolder } from '@tessera/model-tiny';
import { modelFolder as textModelFolder } from '@tessera/model-tiny-text';
import { expect, test } from 'vitest';
import { indexPage } from './evidence-index.js';
import { DOCS, pagesFolder, readEntries } from './places.js';

const entries = await readEntries();
const run = entries.flatMap(({ study, document }) => (document ? [{ study, document }] : []));

test.each(run)('the pages of $study.id are those that its record gives', async ({ study, document }) => {
  const files = Object.entries(studyPageFiles(study, document));
  expect(files.length).toBeGreaterThan(1);
  for (const [name, content] of files) expect(await readFile(join(DOCS, name), 'utf8')).toBe(content);
});

test.each(run)(
  'the conclusions of $study.id are drawn from the results beside them',
  ({ study, document }) => {
    expect(study.conclusions).toBeDefined();
    expect(studyPageFiles(study, document)[`${study.id}.md`]).not.toContain('From other results');
  },
);

test.each(run)('the pictures of $study.id are found where earlier versions kept them', async (entry) => {
  const folder = entry.study.model === 'embedded-text' ? textModelFolder : modelFolder;
  const manifest = parseManifest(await readFile(new URL('mar.json', folder), 'utf8'));
  const variants = variantsOf(entry.study, { manifest });
  const keys = await Promise.all(variants.map(({ sampling }) => jsonHash(sampling)));
  const recorded = entry.document.arms.map(({ description }) => jsonHash(description));
  expect(keys).toEqual(await Promise.all(recorded));
});

test('the index lists every study with its verdicts', async () => {
  expect(await readFile(join(DOCS, 'README.md'), 'utf8')).toBe(indexPage(entries));
});

test('a study that was not run yet is listed as such', () => {
  const [{ study }] = entries as [(typeof entries)[0]];
  expect(indexPage([{ study }])).toContain(`## ${study.title}\n\n${study.question}\n\n_Not run yet._`);
});

test('only a run by the study’s own numbers is on record', () => {
  expect(pagesFolder([])).toBe(DOCS);
  expect(pagesFolder(['--workers', '2', '--render'])).toBe(DOCS);
  for (const option of ['--n', '--model', '--seed', '--batch', '--network', '--margin', '--resamples']) {
    expect(pagesFolder([option, '240'])).not.toBe(DOCS);
  }
  expect(pagesFolder(['--n=240'])).not.toBe(DOCS);
});
