import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readClassNames, readModelConfig } from './model-config-file.js';
import { temporaryFolder } from './testing/temporary-folder.js';

async function file(content: string): Promise<string> {
  const path = join(await temporaryFolder(), 'file');
  await writeFile(path, content);
  return path;
}

test('sizes may stand alone or beside the autoencoder, classes and advice', async () => {
  const sizes = { encoder_num_heads: 2, decoder_num_heads: 2 };
  expect(await readModelConfig(await file(JSON.stringify(sizes)))).toEqual({ mar: sizes });
  const whole = {
    mar: sizes,
    vae: { ch: 8 },
    classes: ['a'],
    sampling: { guidance_scale: 4, cfg_schedule: 'constant', temperature: 0.9, x0_clamp: 5 },
  };
  expect(await readModelConfig(await file(JSON.stringify(whole)))).toEqual({
    mar: sizes,
    vae: { ch: 8 },
    classNames: ['a'],
    sampling: { guidance: { schedule: 'constant', scale: 4 }, temperature: 0.9, clamp: 5 },
  });
});

test('class names are a list or lines', async () => {
  expect(await readClassNames(await file('["a, b", "c"]'))).toEqual(['a, b', 'c']);
  expect(await readClassNames(await file('a, b\r\nc\n'))).toEqual(['a, b', 'c']);
});

test('what is no configuration is refused as wrong usage', async () => {
  for (const content of ['{', '[]', '{"mar": 3}', '{"encoder_num_heads": 2, "sampling": {}}']) {
    await expect(readModelConfig(await file(content))).rejects.toMatchObject({ code: 'usage' });
  }
  await expect(readModelConfig('/nowhere/x.json')).rejects.toMatchObject({ code: 'usage' });
  await expect(readClassNames(await file('[1]'))).rejects.toMatchObject({ code: 'usage' });
});

test('of guidance, either part may be given alone', async () => {
  const advised = async (sampling: object) =>
    (await readModelConfig(await file(JSON.stringify({ mar: {}, sampling })))).sampling;
  expect(await advised({ cfg_schedule: 'constant' })).toEqual({
    guidance: { schedule: 'constant', scale: 3 },
  });
  expect(await advised({ guidance_scale: 2 })).toEqual({ guidance: { schedule: 'linear', scale: 2 } });
  expect(await advised({})).toEqual({});
});

test('advice that nobody would hear is refused, with its key', async () => {
  for (const key of ['guidance_scales', 'cfg', 'clamp']) {
    const config = await file(JSON.stringify({ mar: {}, sampling: { [key]: 1 } }));
    await expect(readModelConfig(config)).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining(`sampling.${key}`),
    });
  }
});

test('files with a byte order mark, in UTF-8 or UTF-16, are read as if they had none', async () => {
  const folder = await temporaryFolder();
  const config = join(folder, 'config.json');
  await writeFile(config, `\ufeff${JSON.stringify({ img_size: 128 })}`);
  expect(await readModelConfig(config)).toEqual({ mar: { img_size: 128 } });
  const names = join(folder, 'classes.txt');
  await writeFile(names, '\ufeffcat\r\ndog\r\n');
  expect(await readClassNames(names)).toEqual(['cat', 'dog']);
  await writeFile(names, Buffer.from('\ufeff["cat"]', 'utf16le'));
  expect(await readClassNames(names)).toEqual(['cat']);
  await writeFile(names, Buffer.from([0x63, 0xe9]));
  await expect(readClassNames(names)).rejects.toMatchObject({ code: 'text-encoding' });
});
