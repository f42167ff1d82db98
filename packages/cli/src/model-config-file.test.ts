import { rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../evaluation-report/src/testing/temporary-folder.js';
import { readClassNames, readModelConfig, readVaeConfigBeside } from './model-config-file.js';

async function file(content: string | Buffer): Promise<string> {
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

test('configurations and class names may be saved by any editor: in UTF-16, with a byte order mark, with CRLF', async () => {
  const saved = (text: string) => [
    Buffer.from(text),
    Buffer.from(`\ufeff${text}`),
    Buffer.from(`\ufeff${text}`, 'utf16le'),
    Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
  ];
  const names = ['cat', 'café', 'dog'];
  for (const text of [names.join('\r\n'), `${names.join('\n')}\n`, JSON.stringify(names)]) {
    for (const bytes of saved(text)) expect(await readClassNames(await file(bytes))).toEqual(names);
  }
  for (const bytes of saved('{"encoder_num_heads": 4}')) {
    expect(await readModelConfig(await file(bytes))).toEqual({ mar: { encoder_num_heads: 4 } });
  }
  await expect(readClassNames(await file(Buffer.from([0xff, 0x41, 0xc0])))).rejects.toMatchObject({
    code: 'text-encoding',
  });
});

test('the configuration of an autoencoder of diffusers is found in its folder and beside its file', async () => {
  const config = { _class_name: 'AutoencoderKL', scaling_factor: 1.5305, shift_factor: 0.0609 };
  const written = await file(JSON.stringify(config));
  const folder = dirname(written);
  expect(await readVaeConfigBeside(folder)).toBeUndefined();
  await rename(written, join(folder, 'config.json'));
  expect(await readVaeConfigBeside(folder)).toEqual(config);
  expect(await readVaeConfigBeside(join(folder, 'vae.safetensors'))).toEqual(config);
  await writeFile(join(folder, 'config.json'), JSON.stringify({ _class_name: 'T5EncoderModel' }));
  expect(await readVaeConfigBeside(folder)).toBeUndefined();
});
