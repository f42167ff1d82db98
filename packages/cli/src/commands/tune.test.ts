import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakeLoadedModel } from '../../../evaluation-report/src/testing/fake-loaded-model.js';
import { temporaryFolder } from '../../../evaluation-report/src/testing/temporary-folder.js';
import { run } from '../run.js';
import { capturedIo } from '../testing/captured-io.js';

async function tune(args: readonly string[]) {
  const io = capturedIo();
  const code = await run(['tune', ...args], io, { loadModel: async () => fakeLoadedModel() });
  return { code, ...io.written };
}

async function spaceFile(folder: string): Promise<string> {
  const path = join(folder, 'space.json');
  const space = { always: ['mar:1x2'], specs: ['raster:{steps}x2'], choices: { steps: ['1', '2'] } };
  await writeFile(path, JSON.stringify({ format: 'tessera-search-space', version: 1, ...space }));
  return path;
}

test('what a search found is a spec, a page, a curve and a record; a model without a network is judged by agreement', async () => {
  const folder = await temporaryFolder();
  const out = join(folder, 'tuned');
  const search = [
    '--space',
    await spaceFile(folder),
    '--quality',
    'same-as',
    'mar:12x16',
    '--n',
    '15',
    '--out',
    out,
  ];
  const { code, out: text, error } = await tune(search);
  expect([code, error]).toEqual([0, '']);
  expect(text).toContain('judged is agreement with the slow sampling on the same noise');
  expect(text).toContain("agreement can't tell");
  expect(await readdir(out)).toEqual(
    expect.arrayContaining(['curve.svg', 'sampler.txt', 'tuning.json', 'tuning.md']),
  );
  const spec = (await readFile(join(out, 'sampler.txt'), 'utf8')).trim();
  const drawn = ['generate', '--class', 'cat', '--policy', spec, '--out', join(folder, 'cat.png')];
  expect(await run(drawn, capturedIo(), { loadModel: async () => fakeLoadedModel() })).toBe(0);
  const { command } = JSON.parse(await readFile(join(out, 'tuning.json'), 'utf8')) as { command: string };
  expect(command).toContain('tessera tune --quality same-as mar:12x16');
}, 60_000);

test.each([
  [['--quality', 'mar:64x100'], '"same-as" and a sampler spec'],
  [['--quality', 'same-as', 'mars'], 'There is no policy "mars"'],
  [['--budget', 'soon'], 'a time, such as 0.5s'],
  [['--space', 'nowhere.json'], 'there is no such file'],
])('%s is refused before a model is loaded', async (args, message) => {
  const { code, error } = await tune(args);
  expect([code === 0, error]).toEqual([false, expect.stringContaining(message)]);
});
