import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SMALL_STUDY } from '../testing/small-study.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { parseStudy, readStudy } from './study.js';

test('a study is read as it was written', () => {
  expect(parseStudy(JSON.stringify(SMALL_STUDY), 'small.json')).toEqual(SMALL_STUDY);
});

test.each([
  ['{', /^small\.json can't be read as a study:\n {2}- not JSON: /],
  [JSON.stringify({ ...SMALL_STUDY, n: 0, colour: 'red' }), /\n {2}- n: .*\n {2}- colour: /],
  [JSON.stringify({ ...SMALL_STUDY, id: '../up' }), /id: must be of lower-case letters/],
  [
    JSON.stringify({ ...SMALL_STUDY, variants: [SMALL_STUDY.variants[0], SMALL_STUDY.variants[0]] }),
    /variants: "random" is there twice/,
  ],
  [JSON.stringify({ ...SMALL_STUDY, comparisons: [['random', 'spiral']] }), /there is no variant "spiral"/],
  [
    JSON.stringify({
      ...SMALL_STUDY,
      curves: [
        {
          title: 'order',
          lines: [
            {
              points: [
                ['1', 'random'],
                ['2', 'spiral'],
              ],
            },
          ],
        },
      ],
    }),
    /curves: there is no variant "spiral"/,
  ],
])('%s is refused with all that is wrong', (json, message) => {
  expect(() => parseStudy(json, 'small.json')).toThrow(
    expect.objectContaining({ code: 'evaluation-request', message: expect.stringMatching(message) }),
  );
});

test('a study that is not there is told so', async () => {
  const path = join(await temporaryFolder(), 'none.json');
  await expect(readStudy(path)).rejects.toMatchObject({
    code: 'evaluation-request',
    message: `There is no study at ${path}.`,
  });
});
