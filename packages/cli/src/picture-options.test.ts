import { inputOf, type Manifest, promptPictures } from '@tessera/format';
import { expect, test } from 'vitest';
import { FAKE_MANIFEST } from '../../evaluation-report/src/testing/fake-loaded-model.js';
import { picturesFor, promptsFrom, warnOfUnknownWords } from './picture-options.js';
import { UsageError } from './usage-error.js';

const { signal } = new AbortController();
const model = (count: number) => ({ name: 'fake', condition: { kind: 'class', count } }) as Manifest;
const many = model(1000);
const flags = { count: 1, seed: 1 };

async function labels(
  given: Parameters<typeof picturesFor>[0],
  manifest: Manifest,
  ask?: (question: string) => Promise<string>,
) {
  const warnings: string[] = [];
  const output = { warn: (line: string) => warnings.push(line) };
  const pictures = await picturesFor(given, manifest, [], { signal, ...(ask ? { ask } : {}) }, output);
  return {
    labels: pictures.map((picture) => ('classLabel' in picture ? picture.classLabel : undefined)),
    warnings,
  };
}

test('all of few classes are drawn where none is named', async () => {
  expect(await labels(flags, model(12))).toEqual({
    labels: Array.from({ length: 12 }, (_, label) => label),
    warnings: [],
  });
});

test('eight of many classes are drawn where nobody can be asked, or nothing is answered, and that is said', async () => {
  const few = {
    labels: [0, 125, 250, 375, 500, 625, 750, 875],
    warnings: [expect.stringMatching(/1,000 classes, and none is named: these are 8 of them\. --class/)],
  };
  expect(await labels(flags, many)).toEqual(few);
  expect(await labels(flags, many, async () => ' ')).toEqual(few);
  expect(await labels({ ...flags, json: true }, many, async () => '7')).toEqual(few);
});

test('whoever sits at the terminal is asked for some of many classes', async () => {
  const questions: string[] = [];
  const ask = async (question: string): Promise<string> => {
    questions.push(question);
    return '7,9';
  };
  expect(await labels(flags, many, ask)).toEqual({ labels: [7, 9], warnings: [] });
  expect(questions).toEqual([expect.stringMatching(/1,000 classes\. Which/)]);
  expect((await labels({ ...flags, class: ['all'] }, many, ask)).labels).toHaveLength(1000);
  expect(questions).toHaveLength(1);
});

const ofText: Manifest = {
  ...FAKE_MANIFEST,
  family: 'lightgen',
  condition: { kind: 'text', length: 8, width: 4 },
};
const picturesOfText = (
  given: Parameters<typeof picturesFor>[0],
  prompts: readonly string[],
  model = ofText,
) => picturesFor(given, model, prompts, { signal }, { warn() {} });

test('prompts are drawn round by round, and named by their words', async () => {
  const pictures = await picturesOfText({ ...flags, count: 2, negative: 'fog' }, ['A red fox', '猫']);
  expect(pictures.map(({ index, file }) => [index, file])).toEqual([
    [0, '00000-a-red-fox.png'],
    [1, '00001-prompt.png'],
    [2, '00002-a-red-fox.png'],
    [3, '00003-prompt.png'],
  ]);
  expect(inputOf(pictures[2]!)).toEqual({ prompt: 'A red fox', negativePrompt: 'fog' });
  expect(await picturesOfText({ ...flags, index: '2', negative: 'fog' }, ['A red fox'])).toEqual([
    pictures[2],
  ]);
});

test('classes of a model of text, prompts of one of classes, and no prompt at all are refused by a sentence', async () => {
  await expect(picturesOfText(flags, [])).rejects.toThrow(/Say what to draw/);
  await expect(picturesOfText({ ...flags, class: ['cat'] }, [])).rejects.toThrow(
    /draws prompts, not classes/,
  );
  await expect(picturesOfText(flags, ['a fox'], FAKE_MANIFEST)).rejects.toThrow(/draws classes, not prompts/);
  await expect(picturesOfText({ ...flags, index: '1' }, ['a', 'b'])).rejects.toThrow(
    /--index names pictures of one/,
  );
});

test('words that the model can only spell are named once, those of what guidance leads away from as well', async () => {
  const warnings: string[] = [];
  const unknownWords = async (prompt: string) => (prompt.includes('blorb') ? ['blorb'] : []);
  const warn = (line: string) => warnings.push(line);
  await warnOfUnknownWords(promptPictures(['a fox'], 2), { unknownWords }, { warn });
  expect(warnings).toEqual([]);
  const pictures = promptPictures(['a fox', 'a red blorb'], 2, { negativePrompt: 'a blorb' });
  await warnOfUnknownWords(pictures, { unknownWords }, { warn });
  expect(warnings).toEqual([expect.stringMatching(/^Note: the model doesn't know "blorb"/)]);
});

test.each(['sheet.png', 'out/my sheet.PNG', 'photo.jpg', 'a.recipe.json', 'prompts.txt'])(
  'a file %s where a prompt stands is told from one, and not drawn',
  async (word) => {
    await expect(promptsFrom(['a cat', word], {})).rejects.toThrow(
      new UsageError(
        `"${word}" stands where a prompt does, and looks like a file. Write its option before it: --out names what is written, and --sheet takes no name. If it is a prompt, give it in a file, by --prompts.`,
      ),
    );
  },
);

test('a prompt may name a file, or hold a full stop', async () => {
  const prompts = ['sheet.png on a screen', 'a cat.', 'the no. 5'];
  expect(await promptsFrom(prompts, {})).toEqual(prompts);
});

test('a missing file of prompts is a usage error', async () => {
  await expect(promptsFrom([], { prompts: 'none' })).rejects.toThrow(
    new UsageError("none can't be read: there is no such file. Check the path."),
  );
});
