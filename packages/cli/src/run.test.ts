import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openTensors, writeSafetensors } from '@tessera/convert';
import { readPng } from '@tessera/evaluation-report/files';
import { describe, expect, test } from 'vitest';
import { FAKE_MANIFEST, fakeLoadedModel } from '../../evaluation-report/src/testing/fake-loaded-model.js';
import { temporaryFolder } from '../../evaluation-report/src/testing/temporary-folder.js';
import type { ModelLoader } from './command-context.js';
import { run } from './run.js';
import { capturedIo } from './testing/captured-io.js';

const loadFake: ModelLoader = async () => fakeLoadedModel();

async function tessera(
  args: readonly string[],
  { signal, loadModel = loadFake }: { signal?: AbortSignal; loadModel?: ModelLoader } = {},
) {
  const io = capturedIo(signal ? { signal } : {});
  const code = await run(args, io, { loadModel });
  return { code, ...io.written };
}

/** A model that stops the command when it decodes for the `count`th time. */
function stoppedAt(count: number): { signal: AbortSignal; loadModel: ModelLoader } {
  const controller = new AbortController();
  const loadModel: ModelLoader = async () => {
    const model = fakeLoadedModel();
    let decoded = 0;
    return {
      ...model,
      decode(grids, options) {
        if (++decoded === count) controller.abort(new Error('stop'));
        return model.decode(grids, options);
      },
    };
  };
  return { signal: controller.signal, loadModel };
}

const quick = ['--policy', 'mar:3x2'];
const pictures = async (folder: string) =>
  (await readdir(folder)).filter((name) => /^\d+-.*\.png$/.test(name));

describe('generate', () => {
  test('writes a picture of each class, a recipe and a sheet', async () => {
    const out = join(await temporaryFolder(), 'new');
    const { code, out: text, error } = await tessera(['generate', ...quick, '--out', out, '--sheet']);
    expect([code, error]).toEqual([0, '']);
    expect(text).toContain('3 pictures');
    expect((await readdir(out)).sort()).toEqual([
      '00000-cat.png',
      '00001-red-fox.png',
      '00002-cafe.png',
      'recipe.json',
      'sheet.png',
    ]);
  });

  test('makes picture k the same alone, in a batch, and from its recipe', async () => {
    const folder = await temporaryFolder();
    const batch = join(folder, 'batch');
    const alone = join(folder, 'alone.png');
    const again = join(folder, 'again.png');
    await tessera(['generate', ...quick, '--count', '2', '--batch', '5', '--out', batch]);
    await tessera(['generate', ...quick, '--index', '4', '--out', alone]);
    await tessera(['generate', '--recipe', join(batch, 'recipe.json'), '--index', '4', '--out', again]);
    const expected = await readPng(join(batch, '00004-red-fox.png'));
    expect(await readPng(alone)).toEqual(expected);
    expect(await readPng(again)).toEqual(expected);
    const fromPicture = join(folder, 'from-picture.png');
    await tessera(['generate', '--recipe', alone, '--out', fromPicture]);
    expect(await readPng(fromPicture)).toEqual(expected);
  });

  test('keeps what is finished and makes what is missing', async () => {
    const out = await temporaryFolder();
    const command = ['generate', ...quick, '--out', out, '--json'];
    await tessera(command);
    const before = await readFile(join(out, '00000-cat.png'));
    await rm(join(out, '00001-red-fox.png'));
    const { made, kept } = JSON.parse((await tessera(command)).out);
    expect([made, kept]).toEqual([1, 2]);
    expect(await readFile(join(out, '00000-cat.png'))).toEqual(before);
    const more = JSON.parse((await tessera([...command, '--count', '2'])).out);
    expect([more.made, more.kept]).toEqual([3, 3]);
    const recipe = JSON.parse(await readFile(join(out, 'recipe.json'), 'utf8'));
    expect(recipe.images).toHaveLength(6);
  });

  test('refuses to mix recipes and says what differs, unless it may overwrite', async () => {
    const out = await temporaryFolder();
    await tessera(['generate', ...quick, '--out', out, '--sheet']);
    const other = ['generate', ...quick, '--out', out, '--seed', '9', '--temperature', '1'];
    const refused = await tessera(other);
    expect(refused.code).toBe(1);
    expect(refused.error).toContain('seed: 1 → 9');
    expect(refused.error).toContain('sampling.temperature: 0.8 → 1');
    const { code } = await tessera([...other, '--overwrite']);
    expect(code).toBe(0);
    expect(JSON.parse((await readPng(join(out, '00000-cat.png'))).recipe!).seed).toBe(9);
    // It showed pictures of the other recipe.
    expect(await readdir(out)).not.toContain('sheet.png');
  });

  test('does not touch a picture that no recipe speaks of', async () => {
    const folder = await temporaryFolder();
    const out = join(folder, 'mine.png');
    await tessera(['generate', ...quick, '--index', '1', '--out', out]);
    const mine = await readFile(out);
    const { code, error } = await tessera(['generate', ...quick, '--index', '2', '--out', out]);
    expect(code).toBe(1);
    expect(error).toContain('it is another picture');
    expect(await readFile(out)).toEqual(mine);
  });

  test('stopped midway, keeps what is finished and goes on from there', async () => {
    const out = await temporaryFolder();
    const command = ['generate', ...quick, '--count', '2', '--batch', '1', '--out', out];
    const stopped = await tessera(command, stoppedAt(3));
    expect(stopped.code).toBe(130);
    expect(stopped.error).toContain('2 of 6 pictures are finished');
    expect(stopped.error).toContain('Go on with the same command, or');
    expect(await pictures(out)).toHaveLength(2);
    const { code, out: text } = await tessera(['generate', '--recipe', join(out, 'recipe.json')]);
    expect(code).toBe(0);
    expect(text).toContain('2 were there already');
    expect(await pictures(out)).toHaveLength(6);
  });

  test.each([
    ['another recipe', ['--seed', '9']],
    ['the same one', []],
  ])('stopped while %s overwrites what is there, leaves none of the old pictures', async (_, changes) => {
    const out = await temporaryFolder();
    const command = ['generate', ...quick, '--batch', '1', '--out', out];
    await tessera([...command, '--count', '2', '--preview']);
    const other = [...command, ...changes];
    const stopped = await tessera([...other, '--overwrite'], stoppedAt(2));
    expect([stopped.code, stopped.error]).toEqual([
      130,
      expect.stringContaining('the same command without --overwrite, which would start over'),
    ]);
    // Of the same recipe, the three pictures that were not asked for stay.
    const others = changes.length > 0 ? [] : ['00003-cat.png', '00004-red-fox.png', '00005-cafe.png'];
    const drawn = (await pictures(out)).filter((name) => !name.endsWith('.steps.png'));
    expect(drawn.sort()).toEqual(['00000-cat.png', ...others]);
    const { code, out: text } = await tessera([...other, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(text)).toMatchObject({ made: 2, kept: 1 });
  });

  test('a picture of another recipe does not count, though the recipe beside it lists its name', async () => {
    const [out, elsewhere] = [await temporaryFolder(), await temporaryFolder()];
    const command = ['generate', ...quick];
    await tessera([...command, '--out', out]);
    await tessera([...command, '--seed', '9', '--out', elsewhere]);
    await copyFile(join(elsewhere, '00001-red-fox.png'), join(out, '00001-red-fox.png'));
    const { code, error } = await tessera([...command, '--out', out]);
    expect(code).toBe(1);
    expect(error).toContain('00001-red-fox.png is in the way:\n  - seed: 9 → 1');
    expect((await tessera([...command, '--out', out, '--overwrite'])).code).toBe(0);
  });

  test('what can’t be sampled is refused before the place is taken', async () => {
    const out = join(await temporaryFolder(), 'new');
    for (const wrong of [
      ['--diffusion-steps', '2000'],
      ['--steps', '65'],
    ]) {
      expect((await tessera(['generate', ...wrong, '--out', out])).code).not.toBe(0);
      expect((await tessera(['generate', '--policy', 'mar', ...wrong, '--out', out])).code).toBe(2);
    }
    await expect(readdir(out)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.each(['a/g.png', 'a/b'])(
    'leaves nothing at %s where drawing fails, of what it has overwritten neither',
    async (place) => {
      const folder = await temporaryFolder();
      const loadModel: ModelLoader = async () => ({
        ...fakeLoadedModel(),
        decode: () => Promise.reject(new Error('no memory')),
      });
      const command = ['generate', ...quick, '--class', 'cat', '--out', join(folder, place)];
      const failed = await tessera(command, { loadModel });
      expect([failed.code, failed.error]).toEqual([1, 'error: no memory\n']);
      expect(await readdir(folder)).toEqual([]);
      await tessera(command);
      expect((await tessera([...command, '--seed', '2', '--overwrite'], { loadModel })).code).toBe(1);
      expect((await readdir(folder, { recursive: true })).filter((path) => path.includes('.'))).toEqual([]);
    },
  );

  test('leaves a place alone that another process draws into', async () => {
    const out = await temporaryFolder();
    const lock = join(out, 'recipe.json.lock');
    await writeFile(lock, `${process.ppid}`);
    const { code, error } = await tessera(['generate', ...quick, '--out', out]);
    expect(code).toBe(1);
    expect(error).toContain(`${out} is being drawn into by process ${process.ppid}`);
    expect(await readdir(out)).toEqual(['recipe.json.lock']);
    await rm(lock);
    expect((await tessera(['generate', ...quick, '--out', out])).code).toBe(0);
    expect(await readdir(out)).not.toContain('recipe.json.lock');
  });

  test('a recipe of which no picture was made does not hold the place', async () => {
    const out = await temporaryFolder();
    const command = ['generate', ...quick, '--out', out];
    await tessera([...command, '--seed', '9']);
    for (const name of await pictures(out)) await rm(join(out, name));
    expect((await tessera(command)).code).toBe(0);
    expect(JSON.parse(await readFile(join(out, 'recipe.json'), 'utf8')).seed).toBe(1);
  });

  test('a recipe that is cut off is told with a way out, and may be overwritten', async () => {
    const out = await temporaryFolder();
    const command = ['generate', ...quick, '--out', out];
    await writeFile(join(out, 'recipe.json'), '{"format": "tesse');
    const refused = await tessera(command);
    expect([refused.code, refused.error]).toEqual([1, expect.stringContaining('by --overwrite')]);
    expect((await tessera([...command, '--overwrite'])).code).toBe(0);
  });

  test('shows the steps of a picture where asked to', async () => {
    const out = join(await temporaryFolder(), 'a.png');
    await tessera(['generate', ...quick, '--index', '0', '--out', out, '--preview', '--scale', '3']);
    const { image } = await readPng(out.replace('.png', '.steps.png'));
    // Three frames of 24 pixels stand in two rows of two.
    expect(image.width).toBeGreaterThan(2 * 24);
    expect(image.height).toBeGreaterThan(2 * 24);
    const again = ['generate', ...quick, '--index', '0', '--out', out, '--preview', '--json'];
    expect(JSON.parse((await tessera(again)).out).kept).toBe(1);
    await rm(out.replace('.png', '.steps.png'));
    expect(JSON.parse((await tessera(again)).out).made).toBe(1);
  });

  test('refuses a recipe whose pictures are not those of its indices', async () => {
    const folder = await temporaryFolder();
    await tessera(['generate', ...quick, '--out', folder]);
    const path = join(folder, 'recipe.json');
    const recipe = JSON.parse(await readFile(path, 'utf8'));
    for (const changes of [{ classLabel: 2 }, { file: '00001-dog.png' }, { file: '../x.png' }]) {
      const images = [{ ...recipe.images[1], ...changes }];
      await writeFile(path, JSON.stringify({ ...recipe, images }));
      const { code, out, error } = await tessera(['generate', '--recipe', path, '--json']);
      expect([code, JSON.parse(out).error.code]).toEqual([1, 'recipe']);
      expect(error).toMatch(/picture 1 is of class|must be a name such as/);
    }
    const images = [{ ...recipe.images[1], classLabel: 2 }];
    await writeFile(path, JSON.stringify({ ...recipe, images }));
    const named = ['generate', '--recipe', path, '--index', '1', '--out', join(folder, 'one.png')];
    expect((await tessera(named)).code).toBe(0);
  });

  test('refuses a recipe of another model', async () => {
    const folder = await temporaryFolder();
    await tessera(['generate', ...quick, '--out', folder]);
    const loadModel: ModelLoader = async () => fakeLoadedModel({ ...FAKE_MANIFEST, source: 'elsewhere' });
    const { code, error } = await tessera(['generate', '--recipe', join(folder, 'recipe.json')], {
      loadModel,
    });
    expect(code).toBe(1);
    expect(error).toContain('Name the right one by --model');
  });
});

describe('compare', () => {
  test('writes a sheet and a report, and prints the report where asked to', async () => {
    const out = await temporaryFolder();
    const args = [
      'compare',
      '--policies',
      'mar:4x3,gtr-16:4+2+1x3',
      '--class',
      'cat',
      '--out',
      out,
      '--json',
    ];
    const { code, out: text, error } = await tessera(args);
    expect([code, error]).toEqual([0, '']);
    const document = JSON.parse(text);
    expect(document.policies.map((each: { name: string }) => each.name)).toEqual([
      'mar:4x3',
      'gtr-16:4+2+1x3',
    ]);
    expect(document.policies[0]).toMatchObject({ steps: 4, headEvaluations: 64 * 3 * 2, ratio: 1 });
    expect(JSON.parse(await readFile(join(out, 'report.json'), 'utf8')).policies).toEqual(document.policies);
    expect((await readPng(join(out, 'sheet.png'))).image.width).toBeGreaterThan(100);
  });
});

describe('wrong usage', () => {
  test.each([
    [['generate', '--count', '0']],
    [['generate', '--seed', '18446744073709551615']],
    [['compare', '--seed', '9007199254740992']],
    [['evaluate', '--seed', '-1']],
    [['generate', '--class', 'dog']],
    [['generate', '--policy', 'nope']],
    [['generate', '--policy', 'mar:65']],
    [['generate', '--index', '3', '--class', 'cat']],
    [['generate', '--index', '0-999999999']],
    [['generate', '--count', '9007199254740991']],
    [['generate', '--policy', 'mar:x2000']],
    [['generate', '--recipe', 'x.json', '--seed', '3']],
    [['generate', '--out', 'a.png']],
    [['generate', '--nonsense']],
    [['compare', '--policies', 'mar,mar']],
    [['convert', 'a.safetensors', '--heads', '0', '--out', 'x']],
    [['verify', 'https://example.org/model']],
    [['verify', '--cache', 'x']],
    [['demo', '--cache', 'x']],
    [['nonsense']],
    [[]],
  ])('tessera %j exits with 2 and says why', async (args) => {
    const folder = await temporaryFolder();
    const out = args.includes('--out') || args[0] !== 'generate' ? [] : ['--out', folder];
    const { code, out: text, error } = await tessera([...args, ...out]);
    expect([code, text]).toEqual([2, '']);
    expect(error).not.toBe('');
  });

  test.each(['18446744073709551615', '9007199254740992', '-1', '1.5', '1e3', 'many'])(
    'the seed %s is refused with its limits',
    async (seed) => {
      for (const command of ['generate', 'compare', 'evaluate']) {
        const { error } = await tessera([command, '--seed', seed]);
        expect(error).toContain('It must be an integer from 0 to 9007199254740991.');
      }
    },
  );

  test('is one JSON document where asked for', async () => {
    const { code, out } = await tessera(['generate', '--class', 'dog', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(out).error.code).toBe('usage');
  });
});

test('a model folder that is missing, a source that is none and a header that is none are named at once', async () => {
  const file = join(await temporaryFolder(), 'mar.safetensors');
  await writeFile(file, '');
  for (const command of [
    ['generate', '--model'],
    ['compare', '--model'],
    ['evaluate', '--model'],
    ['verify'],
  ]) {
    const missing = await tessera([...command, 'nowhere']);
    expect([missing.code, missing.error]).toEqual([
      1,
      'error: There is no model folder nowhere. Name one, or leave it out for the embedded model.\n',
    ]);
    const wrong = await tessera([...command, 'hf:name']);
    expect([wrong.code, wrong.error]).toEqual([2, expect.stringContaining('must be hf:owner/name')]);
  }
  const wrong = await tessera(['verify', file]);
  expect([wrong.code, wrong.error]).toEqual([
    1,
    expect.stringContaining(`${file} is a file, and a model is a folder`),
  ]);
  const header = await tessera(['generate', '--model', 'https://x.invalid/', '--header', 'Bearer']);
  expect([header.code, header.error]).toEqual([2, expect.stringContaining('--header takes "Name: value"')]);
});

test('convert names the copy of the weights that it took, and how to take the other one', async () => {
  const folder = await temporaryFolder();
  const golden = fileURLToPath(new URL('../../../fixtures/golden/A/', import.meta.url));
  const weights = await openTensors(join(golden, 'weights.safetensors'));
  const copies: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
  for (const prefix of ['model.', 'model_ema.']) {
    for (const name of weights.names) {
      copies[prefix + name] = { shape: weights.shape(name), data: await weights.readFloats(name) };
    }
  }
  await weights.close();
  const checkpoint = join(folder, 'a.safetensors');
  await writeSafetensors(checkpoint, {
    ...copies,
    'optimizer.step': { shape: [1], data: Float32Array.of(1) },
  });
  const convert = (...more: readonly string[]) => {
    const sizes = ['--config', join(golden, 'config.json'), '--no-parity', '--overwrite'];
    return tessera(['convert', checkpoint, ...sizes, '--out', join(folder, 'model'), ...more]);
  };
  const both = await convert();
  expect(both.out).toContain(
    '  weights  averaged, model_ema.\n  weights  not taken: raw, model. (--weights raw takes it)\n',
  );
  expect(both.error).not.toContain('raw');
  expect(both.out).toMatch(/^ {2}memory {3}at least \d+ MB for its weights on a CPU$/m);
  for (const choice of [
    ['--weights', 'raw'],
    ['--ignore', 'model_ema.'],
  ]) {
    const { out, error } = await convert(...choice);
    expect(out).toContain('  weights  raw, model.\n  weights  not taken: averaged, model_ema. (');
    // Who asks for raw weights knows of it.
    const isAsked = choice.includes('--weights');
    expect(error.includes('Note: "a" has the raw weights')).toBe(!isAsked);
  }
  const { code, error } = await convert('--weights', 'averaged', '--ignore', 'model_ema.');
  expect([code, error]).toEqual([2, expect.stringContaining('which is raw (model.)')]);
});

test('a failure to load is told and exits with 1', async () => {
  const loadModel: ModelLoader = () => Promise.reject(new Error('no such folder'));
  const { code, error } = await tessera(['generate'], { loadModel });
  expect([code, error]).toEqual([1, 'error: no such folder\n']);
});

test('an error stands on a line of its own, not behind the progress bar', async () => {
  const io = capturedIo({ isTTY: true });
  const loadModel: ModelLoader = async (_, { onProgress }) => {
    onProgress?.({ phase: 'download', file: 'mar.json', loadedBytes: 1, totalBytes: 4 });
    throw new Error('no such folder');
  };
  expect(await run(['compare'], io, { loadModel })).toBe(1);
  expect(io.written.error).toContain('25 %  downloading mar.json, 0.0 of 0.0 MB');
  expect(io.written.error.endsWith('\r\u001b[2K\u001b[31merror:\u001b[39m no such folder\n')).toBe(true);
});

test('help on a command that there is not names those that there are', async () => {
  const io = capturedIo();
  expect(await run(['help', 'foo'], io)).toBe(2);
  expect(io.written.error).toMatch(/There is no command "foo"\. There are generate, compare, /);
  expect(await run(['help', 'generate'], capturedIo())).toBe(0);
});

test.each([60, 80, 100])('help fits into %i columns', async (columns) => {
  const commands = ['generate', 'compare', 'edit', 'evaluate', 'demo', 'convert', 'verify', 'doctor'];
  for (const command of [['--help'], ...commands.map((name) => [name, '--help'])]) {
    const io = capturedIo();
    expect(await run(command, { ...io, stdout: { ...io.stdout, columns } })).toBe(0);
    expect(io.written.out).toContain('Examples:');
    const lines = io.written.out.split('\n');
    // A form such as `off|all|high[:RATIO]` can't be broken.
    expect(lines.filter((line) => line.length > columns && line.trim().includes(' '))).toEqual([]);
  }
});

test('a comparison fits into a narrow terminal, and has all of its columns in a wide one', async () => {
  const out = await temporaryFolder();
  for (const [columns, isWhole] of [
    [60, false],
    [120, true],
  ] as const) {
    const io = capturedIo();
    const args = ['compare', '--policies', 'mar:4x3,gtr-16:4+2+1x3', '--class', 'cat', '--out', out];
    await run(args, { ...io, stdout: { ...io.stdout, columns } }, { loadModel: loadFake });
    const lines = io.written.out.split('\n').filter((line) => /^(policy|mar|gtr)/.test(line));
    expect(lines).toHaveLength(3);
    expect(lines.every((line) => line.length <= columns)).toBe(true);
    expect(lines[0]!.includes('quartiles')).toBe(isWhole);
  }
});

test('the list of policies can be asked for', async () => {
  const { code, out } = await tessera(['generate', '--policy', 'help']);
  expect(code).toBe(0);
  expect(out).toContain('gtr-gradual');
});

test('convert writes a folder with a reference sample, verify finds it sound, and unsound when a file is changed', async () => {
  const folder = await temporaryFolder();
  const golden = new URL('../../../fixtures/golden/', import.meta.url).pathname;
  const out = join(folder, 'model');
  const args = [
    'convert',
    join(golden, 'A/weights.safetensors'),
    '--config',
    join(golden, 'A/config.json'),
    '--vae',
    join(golden, 'vae/weights.safetensors'),
    '--vae-config',
    join(golden, 'vae/config.json'),
    '--out',
    out,
    '--json',
  ];
  const io = capturedIo();
  const bareCopy = expect.stringMatching(
    /^Note: "weights" has one copy of its weights, and nothing tells .*\n$/,
  );
  expect([await run(args, io), io.written.error]).toEqual([0, bareCopy]);
  const converted = JSON.parse(io.written.out);
  expect(converted.parity.passed).toBe(true);
  expect(converted.manifest.parity).toBe('parity.json');

  const sound = capturedIo();
  expect(await run(['verify', out, '--device', 'cpu', '--json'], sound)).toBe(0);
  expect(JSON.parse(sound.written.out)).toMatchObject({ passed: true, problems: [] });

  await writeFile(join(out, converted.manifest.variants[0].components.embed.path), 'x');
  const unsound = capturedIo();
  expect(await run(['verify', out, '--device', 'cpu', '--json'], unsound)).toBe(1);
  expect(JSON.parse(unsound.written.out).problems).toHaveLength(1);

  const wrong = capturedIo();
  const swapped = args.map((word) =>
    word.endsWith('A/weights.safetensors') ? join(golden, 'vae/weights.safetensors') : word,
  );
  expect(await run([...swapped, '--overwrite'], wrong)).toBe(1);
  expect(wrong.written.error).toContain('holds an autoencoder where a model is needed');
  expect(JSON.parse(wrong.written.out).error).toMatchObject({ problem: 'other-model' });
});
