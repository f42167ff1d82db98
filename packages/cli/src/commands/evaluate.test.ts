import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EvaluationDocument } from '@tessera/evaluation-report';
import { writePng } from '@tessera/evaluation-report/files';
import { classesOf } from '@tessera/format';
import type { LoadedModel } from '@tessera/runtime-node';
import { describe, expect, test } from 'vitest';
import { writeColourNetwork } from '../../../evaluation-report/src/testing/colour-network.js';
import { FAKE_MANIFEST, fakeLoadedModel } from '../../../evaluation-report/src/testing/fake-loaded-model.js';
import { temporaryFolder } from '../../../evaluation-report/src/testing/temporary-folder.js';
import { run } from '../run.js';
import { capturedIo } from '../testing/captured-io.js';

/** A network, and eighteen pictures of each class of the fake model: the folders `network` and `real` in one. */
async function networkAndPictures(): Promise<string> {
  const folder = await temporaryFolder();
  await writeColourNetwork(join(folder, 'network'), 8);
  for (const [label, name] of classesOf(FAKE_MANIFEST).names!.entries()) {
    for (let i = 0; i < 18; i++) {
      const data = Uint8Array.from({ length: 8 * 8 * 3 }, (_, k) => (k * (label + 2) * 11 + i * i * 5) % 256);
      await writePng(join(folder, 'real', name.split(',')[0]!, `${i}.png`), { width: 8, height: 8, data });
    }
  }
  return folder;
}

interface CommandRun {
  readonly code: number;
  readonly out: string;
  readonly error: string;
  /** Pictures that the model has drawn. */
  readonly drawn: number;
}

/** Runs the command on the fake model; `stopAfter` so many pictures the user presses Ctrl-C. */
async function evaluate(
  args: readonly string[],
  { stopAfter = Number.POSITIVE_INFINITY, threads = 1 } = {},
): Promise<CommandRun> {
  const controller = new AbortController();
  const io = capturedIo({ signal: controller.signal });
  let drawn = 0;
  const loadModel = async (location: string | URL): Promise<LoadedModel> => {
    const isSecond = String(location).endsWith('int8');
    const model = fakeLoadedModel({ ...FAKE_MANIFEST, source: isSecond ? 'integers' : 'arithmetic' });
    return {
      ...model,
      ...(isSecond ? { dtype: 'int8' as const } : {}),
      threads,
      async decode(grids, options) {
        drawn += grids.length;
        if (drawn > stopAfter) controller.abort(new Error('stopped'));
        return model.decode(grids, options);
      },
    };
  };
  const code = await run(['evaluate', ...args], io, { loadModel });
  return { code, out: io.written.out, error: io.written.error, drawn };
}

/** What a report says but for times. */
async function found(folder: string): Promise<unknown> {
  const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as EvaluationDocument;
  const { made: _, arms, ...rest } = report;
  return { ...rest, arms: arms.map(({ secondsPerImage: _, speedup: __, ...arm }) => arm) };
}

describe('tessera evaluate', () => {
  const common = async (): Promise<readonly string[]> => {
    const folder = await networkAndPictures();
    return [
      ...['--policies', 'mar:4x3,raster:2x2', '--n', '24', '--batch', '6', '--resamples', '100'],
      ...['--network', join(folder, 'network'), '--real', join(folder, 'real')],
    ];
  };

  test('stopped and called again gives the report of one go, and draws nothing twice', async () => {
    const [whole, parts] = [await temporaryFolder(), await temporaryFolder()];
    const args = await common();
    const once = await evaluate([...args, '--out', whole]);
    expect([once.code, once.error, once.drawn]).toEqual([0, '', 48]);

    const stopped = await evaluate([...args, '--out', parts], { stopAfter: 20 });
    expect(stopped.code).toBe(130);
    expect(stopped.error).toMatch(/^Stopped\. 37 % is drawn and kept\. Go on with the same command\./);
    expect(await readdir(parts)).not.toContain('report.json');
    const resumed = await evaluate([...args, '--out', parts]);
    expect([resumed.code, resumed.drawn]).toEqual([0, 48 - 18]);
    expect(await found(parts)).toEqual(await found(whole));
  });

  test('another variant in the same folder draws that variant alone', async () => {
    const [out, args] = [await temporaryFolder(), await common()];
    await evaluate([...args, '--out', out]);
    const more = await evaluate([...args, '--policies', 'mar:4x3,halton:2x2', '--out', out, '--json']);
    expect([more.code, more.drawn]).toEqual([0, 24]);
    const document = JSON.parse(more.out) as EvaluationDocument;
    expect(document.arms.map(({ name }) => name)).toEqual(['mar:4x3', 'halton:2x2']);
    expect(document.made.together).toBe(false);
    // Those of the report before are gone.
    expect((await readdir(join(out, 'sheets'))).sort()).toEqual(['1-mar-4x3.png', '2-halton-2x2.png']);
  });

  test('a second model draws each policy from the same noise, is compared with the first, and resumes', async () => {
    const [whole, parts] = [await temporaryFolder(), await temporaryFolder()];
    const args = [...(await common()), '--beside', 'https://example.org/int8', '--margin', '0.5,0.5,0.5'];
    const once = await evaluate([...args, '--out', whole, '--json']);
    expect([once.code, once.error, once.drawn]).toEqual([0, '', 4 * 24]);
    const { arms, comparisons } = JSON.parse(once.out) as EvaluationDocument;
    const names = ['mar:4x3', 'raster:2x2', 'mar:4x3 by fake in int8', 'raster:2x2 by fake in int8'];
    expect(arms.map(({ name }) => name)).toEqual(names);
    // The fake models compute the same.
    const frechet = comparisons.filter(({ metric }) => metric === 'frechet');
    expect(frechet.map(({ arm, against, verdict }) => [arm, against, verdict])).toEqual([
      [names[2], names[0], 'same'],
      [names[3], names[1], 'same'],
    ]);
    await evaluate([...args, '--out', parts], { stopAfter: 30 });
    const resumed = await evaluate([...args, '--out', parts]);
    expect(resumed.drawn).toBeLessThan(4 * 24);
    expect(await found(parts)).toEqual(await found(whole));
  });

  test('a second model draws policies of its own, all compared with the first policy of the first', async () => {
    const args = [...(await common()), '--margin', '0.5,0.5,0.5', '--out', await temporaryFolder()];
    const own = ['--beside', 'https://example.org/int8', '--beside-policies', 'halton:2x2'];
    const { error, out } = await evaluate([...args, ...own, '--json']);
    expect(error).toBe('');
    const { comparisons, command } = JSON.parse(out) as EvaluationDocument;
    const frechet = comparisons.filter(({ metric }) => metric === 'frechet');
    expect(frechet.map(({ arm, against }) => [arm, against])).toEqual([
      ['raster:2x2', 'mar:4x3'],
      ['halton:2x2 by fake in int8', 'mar:4x3'],
    ]);
    expect(command).toContain('--beside-policies halton:2x2');
    const without = await evaluate([...args, '--beside-policies', 'halton:2x2']);
    expect([without.code, without.error]).toEqual([2, expect.stringContaining('needs --beside')]);
  });

  test('a second model is refused beside a study and worker processes', async () => {
    const { code, error } = await evaluate([...(await common()), '--beside', 'int8', '--workers', '2']);
    expect([code, error]).toEqual([2, expect.stringContaining('--beside is for evaluations without')]);
  });

  test('a margin or n that is changed after a result is told, and what stays is not', async () => {
    const [out, args] = [await temporaryFolder(), await common()];
    const said = async (...more: readonly string[]): Promise<string> =>
      (await evaluate([...args, '--out', out, ...more])).out;
    expect(await said('--margin', '0.5')).not.toContain('Changed since');
    expect(await said('--margin', '0.5')).not.toContain('Changed since');
    expect(await said('--margin', '9', '--n', '12')).toContain(
      'Changed since the first evaluation in this folder, with its result known: ' +
        'n: 24 → 12; margin in Fréchet distance: 0.5 → 9.',
    );
    expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('0.5 → 9');
  });

  test('without a margin nothing is called the same, which terminal and page say', async () => {
    const [out, args] = [await temporaryFolder(), await common()];
    const none = await evaluate([...args, '--out', out, '--json']);
    const { margins, command } = JSON.parse(none.out) as EvaluationDocument;
    expect([margins, command]).toEqual([
      { frechet: null, kid: null, recall: null },
      expect.not.stringContaining('--margin'),
    ]);
    expect((await evaluate([...args, '--out', out])).out).toContain('No margin is set');
    expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('No margin is set');
    const set = await evaluate([...args, '--out', out, '--margin', '0.5']);
    expect(set.out).not.toContain('No margin is set');
    expect(set.out).toContain('margin in Fréchet distance: none → 0.5.');
  });

  test('too few pictures a class for their intervals are told', async () => {
    const [out, args] = [await temporaryFolder(), await common()];
    const few = await evaluate([...args, '--n', '14', '--out', out]);
    expect(few.out).toContain('14 pictures of 3 classes are few');
    expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('14 pictures of 3 classes are few');
    expect((await evaluate([...args, '--out', out])).out).not.toContain('are few');
  });

  test('a report says what its pictures were drawn with, not what it was run with', async () => {
    const [out, args] = [await temporaryFolder(), await common()];
    await evaluate([...args, '--out', out], { threads: 1 });
    const again = await evaluate([...args, '--out', out], { threads: 2 });
    expect(again.out).toContain('fake on cpu, 1 thread, weights in fp32; 24 pictures each, seed 1');
    const more = await evaluate([...args, '--n', '48', '--out', out], { threads: 2 });
    expect(more.out).toContain('different set-ups: 1 and 2 threads.');
    expect(await readFile(join(out, 'report.html'), 'utf8')).toContain('different set-ups: 1 and 2 threads.');
  });

  test('the command that it tells names the device and the weights that were used', async () => {
    const out = await temporaryFolder();
    await evaluate([...(await common()), '--out', out]);
    const { command } = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as EvaluationDocument;
    expect(command).toContain('--device cpu --dtype fp32');
  });

  test('without kept pictures there are no sheets, and --keep does not bring them back', async () => {
    const [out, args] = [await temporaryFolder(), await common()];
    const none = await evaluate([...args, '--keep', '0', '--out', out]);
    expect([none.code, none.error]).toEqual([0, '']);
    expect(none.out).not.toContain('sheet');
    for (const name of ['sheet.png', 'sheets']) expect(await readdir(out)).not.toContain(name);
    const late = await evaluate([...args, '--keep', '5', '--out', out]);
    expect(late.error).toContain('--keep 5 came too late for 10 of the pictures');
  });

  test('a folder of another evaluation is refused, with what differs', async () => {
    const [out, args] = [await temporaryFolder(), await common()];
    await evaluate([...args, '--out', out]);
    const { code, error, drawn } = await evaluate([...args, '--seed', '9', '--out', out]);
    expect([code, drawn]).toEqual([1, 0]);
    expect(error).toContain('holds another evaluation:\n  - seed: 1 → 9');
  });

  test('what can’t be drawn or measured leaves the folder free', async () => {
    const [out, args] = [await temporaryFolder(), await common()];
    for (const wrong of [
      ['--n', '3'],
      ['--policies', 'mar:4x2000'],
      ['--policies', 'mar:65x3'],
    ]) {
      const { code, drawn } = await evaluate([...args, ...wrong, '--out', out]);
      expect([code, drawn]).toEqual([2, 0]);
    }
    expect(await readdir(out)).not.toContain('evaluation.json');
    expect((await evaluate([...args, '--seed', '9', '--out', out])).code).toBe(0);
  });

  test('unequal real classes, and what is no PNG, are told', async () => {
    const [out, args] = [await temporaryFolder(), await common()];
    const real = args.at(-1)!;
    await writeFile(join(real, 'cat', 'x.jpg'), '');
    await writePng(join(real, 'cat', 'more.png'), { width: 8, height: 8, data: new Uint8Array(192) });
    const { code, error } = await evaluate([...args, '--out', out]);
    expect(code).toBe(0);
    expect(error).toContain('Note: Of the 55 real pictures in');
    expect(error).toContain('Note: 1 file in');
  });

  test('other real pictures are told where a result was known', async () => {
    const [out, args] = [await temporaryFolder(), await common()];
    await evaluate([...args, '--out', out]);
    await rm(join(args.at(-1)!, 'cat', '17.png'));
    const { out: text } = await evaluate([...args, '--resamples', '101', '--out', out]);
    expect(text).toContain('resamples: 100 → 101');
    expect(text).toMatch(/real pictures: 54 .*, [0-9a-f]{12} → 51 /);
  });

  test('the feature network is not asked about pictures that it does not know', async () => {
    const out = await temporaryFolder();
    for (const real of [[], ['--real', join(await networkAndPictures(), 'real')]]) {
      const { code, error } = await evaluate(['--n', '24', '--out', out, ...real]);
      expect(code).toBe(2);
      expect(error).toContain('tessera-judge knows pictures of flower, butterfly');
      expect(error).toContain('--network');
    }
  });

  describe('of a study', () => {
    const STUDY = {
      ...{ format: 'tessera-study', version: 1, id: 'small', title: 'Small', question: 'Does it work?' },
      ...{ claim: 'Yes.', method: 'Two orders.', n: 12, seed: 2, batch: 6, resamples: 100 },
      variants: [
        { name: 'random', sampler: 'mar:4x3' },
        { name: 'by rows', sampler: 'raster:2x2' },
      ],
    };
    const ofStudy = async () => {
      const folder = await networkAndPictures();
      const path = join(folder, 'small.json');
      await writeFile(path, JSON.stringify(STUDY));
      return [
        ...['--study', path, '--out', join(folder, 'out'), '--page', join(folder, 'pages')],
        ...['--network', join(folder, 'network'), '--real', join(folder, 'real')],
      ];
    };

    test('draws its variants, and writes its page and the command that makes it again', async () => {
      const args = await ofStudy();
      const first = await evaluate(args);
      expect([first.code, first.error, first.drawn]).toEqual([0, '', 24]);
      expect(first.out).toMatch(/\nstudy {3}.*small\.md\npage {4}.*reports\/small\/report\.html\n/);
      const page = await readFile(join(args[5]!, 'small.md'), 'utf8');
      expect(page).toContain('12 pictures of each variant, seed 2');
      expect(page).toContain(`tessera evaluate --study ${args[1]} --device cpu --dtype fp32 --network`);
      const more = await evaluate([...args, '--n', '18', '--json']);
      expect([more.code, more.drawn]).toEqual([0, 12]);
      expect((JSON.parse(more.out) as EvaluationDocument).command).toContain('--n 18');
      const rendered = await evaluate([...args, '--render']);
      expect([rendered.code, rendered.error, rendered.drawn]).toEqual([0, '', 0]);
      expect(await readFile(join(args[5]!, 'small.md'), 'utf8')).toContain(
        '18 pictures of each variant, seed 2',
      );
    });

    test.each([
      [['--policies', 'mar'], "--policies can't be given with --study"],
      [['--guidance-schedule', 'linear'], "--guidance-schedule can't be given with --study"],
      [['--n', '5'], 'n = 5'],
    ])('%s is wrong usage', async (more, message) => {
      const { code, error, drawn } = await evaluate([...(await ofStudy()), ...more]);
      expect(error).toContain(message);
      expect([code, drawn]).toEqual([2, 0]);
    });

    test('is needed to render a page', async () => {
      const { code, error } = await evaluate(['--render']);
      expect([code, error]).toEqual([2, expect.stringContaining('--render needs --study and --page')]);
    });
  });

  test.each([
    [['--margin', 'much'], 'up to four numbers from 0'],
    [['--network', 'nowhere.onnx'], 'There is no feature network at nowhere.onnx'],
    [['--policies', 'mar,mar'], 'names "mar" twice'],
    [['--n', '3'], 'n = 3'],
    [['--resamples', '99'], 'It must be an integer from 100.'],
    [['--guidance-interval', '0,0.3'], 'guidance-interval = 0-0.3'],
    [
      ['--guidance-schedule', 'interval', '--guidance-interval', '0,0.5,9'],
      "--guidance-interval 0,0.5,9 can't be",
    ],
    [['--guidance-schedule', 'interval', '--guidance-interval', ',0.5'], "--guidance-interval ,0.5 can't be"],
  ])('%s is wrong usage', async (args, message) => {
    const { code, error } = await evaluate([...(await common()), ...args, '--out', await temporaryFolder()]);
    expect(error).toContain(message);
    expect(code).toBe(2);
  });
});

test('the embedded model is measured by the feature network that knows it', async () => {
  const out = await temporaryFolder();
  const io = capturedIo();
  const args = ['--policies', 'mar:3x8,raster:1x2', '--n', '24', '--resamples', '100', '--out', out];
  expect(await run(['evaluate', ...args], io)).toBe(0);
  expect(io.written.out).toMatch(/variant +s\/image +speed +Fréchet/);
  const report = JSON.parse(await readFile(join(out, 'report.json'), 'utf8')) as EvaluationDocument;
  const { arms, floors, margins, command } = report;
  expect(margins).toEqual({ frechet: 1.9, kid: 0.39, recall: 0.047 });
  expect(command).toContain('--margin 1.9,0.39,0.047');
  const [few, one] = arms.map(({ metrics }) => metrics);
  expect(few!.classAccuracy).toBeGreaterThan(0.5);
  expect(few!.frechet.value).toBeGreaterThan(2 * floors.frechet.mean);
  expect(one!.frechet.value).toBeGreaterThan(few!.frechet.value);
  expect(io.written.out).toContain('Real pictures against real ones: Fréchet');
  const page = await readFile(join(out, 'report.html'), 'utf8');
  for (const name of ['mar:3x8', 'raster:1x2']) expect(page.split(`by ${name}"`)).toHaveLength(24 + 1);
  expect(await readdir(out)).toEqual(
    expect.arrayContaining(['arms', 'evaluation.json', 'report.html', 'report.json', 'sheet.png', 'sheets']),
  );
}, 180_000);
