import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPng } from '@tessera/evaluation-report/files';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../evaluation-report/src/testing/temporary-folder.js';

const bin = fileURLToPath(new URL('../dist/tessera.js', import.meta.url));

/** Runs the built command as a user would; `deaf`, who has closed its stderr. */
async function tessera(
  args: readonly string[],
  { cwd = '.', deaf = false, whileRunning = async (_: number) => {} } = {},
) {
  const child = spawn(process.execPath, [bin, ...args], { cwd });
  let out = '';
  let error = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    error += chunk;
  });
  if (deaf) child.stderr.destroy();
  const closed = once(child, 'close');
  await whileRunning(child.pid!);
  const [code] = await closed;
  return { code: code as number, out, error };
}

describe('the built command, on the embedded model', () => {
  test('draws a picture, keeps it the second time, and says so in JSON', async () => {
    const cwd = await temporaryFolder();
    const command = ['generate', '--class', 'cat', '--policy', 'mar:3x3', '--json'];
    const first = await tessera(command, { cwd });
    expect([first.code, first.error]).toEqual([0, '']);
    const { made, pictures } = JSON.parse(first.out);
    expect(made).toBe(1);
    const { image } = await readPng(join(cwd, pictures[0].path));
    expect([image.width, image.height]).toEqual([64, 64]);
    const second = await tessera(command, { cwd });
    expect(JSON.parse(second.out)).toMatchObject({ made: 0, kept: 1 });
  });

  test('stopped by Ctrl-C, exits with 130 and keeps what is finished', async () => {
    const cwd = await temporaryFolder();
    const out = join(cwd, 'many');
    const { code, error } = await tessera(
      ['generate', '--policy', 'mar:4x4', '--count', '500', '--out', out],
      {
        async whileRunning(pid) {
          while (!existsSync(join(out, '00001-butterfly.png')))
            await new Promise((resolve) => setTimeout(resolve, 20));
          process.kill(pid, 'SIGINT');
        },
      },
    );
    expect(code).toBe(130);
    expect(error).toMatch(/^Stopped\. \d+ of 6000 pictures are finished/);
    const files = await readdir(out);
    expect(files.filter((name) => name.endsWith('.part'))).toEqual([]);
    for (const name of files.filter((each) => each.endsWith('.png'))) await readPng(join(out, name));
  });

  test('compares policies on a sheet', async () => {
    const cwd = await temporaryFolder();
    const args = ['compare', '--policies', 'mar:4x4,gtr-16:2+1+1x4', '--class', 'tree', '--out', '.'];
    const { code, out } = await tessera(args, { cwd });
    expect(code).toBe(0);
    expect(out).toContain('head evals');
    expect((await readPng(join(cwd, 'sheet.png'))).image.height).toBeGreaterThan(256);
  });

  test.each(['embedded', 'embedded-text'])('verifies %s', async (model) => {
    const { code, out } = await tessera(['verify', model, '--device', 'cpu']);
    expect(out).toContain('sound');
    expect(code).toBe(0);
  });

  test('draws a prompt, repaints a part of it by another, and makes it again by its recipe', async () => {
    const cwd = await temporaryFolder();
    const quick = ['--policy', 'mar:2x2', '--json'];
    const drawn = await tessera(['generate', 'a red fox', ...quick, '--out', 'fox.png'], { cwd });
    expect([drawn.code, drawn.error]).toEqual([0, '']);
    const { image } = await readPng(join(cwd, 'fox.png'));
    expect([image.width, image.height]).toEqual([128, 128]);
    const [outpaint, prompt] = [
      ['--outpaint', '0,32,0,32'],
      ['--prompt', 'snow'],
    ];
    const edited = await tessera(['edit', 'fox.png', ...outpaint, ...prompt, ...quick, '--out', 'wide.png'], {
      cwd,
    });
    expect([edited.code, edited.error]).toEqual([0, '']);
    const recipe = JSON.parse(await readFile(join(cwd, 'wide.recipe.json'), 'utf8'));
    expect(recipe).toMatchObject({ prompt: 'snow', model: { location: 'embedded-text' } });
    const again = await tessera(['generate', '--recipe', 'fox.png', '--json', '--out', 'again.png'], { cwd });
    expect([again.code, again.error]).toEqual([0, '']);
    expect((await readPng(join(cwd, 'again.png'))).image).toEqual(image);
  });
});

test('doctor finds the CPU and the embedded models', async () => {
  const { code, out } = await tessera(['doctor', '--json']);
  const { devices, embeddedModels } = JSON.parse(out);
  expect(code).toBe(0);
  expect(devices).toContainEqual({ device: 'cpu', available: true });
  expect(embeddedModels.map(({ location }: { location: string }) => location)).toEqual([
    'embedded',
    'embedded-text',
  ]);
  for (const { name } of embeddedModels) expect(name).toBeTruthy();
});

test('wrong usage exits with 2, help with 0', async () => {
  expect((await tessera(['generate', '--count', 'many'])).code).toBe(2);
  const help = await tessera(['generate', '--help']);
  expect(help.code).toBe(0);
  expect(help.out).toContain('Examples:');
});

test('the exit code is the same where nobody reads the errors', async () => {
  expect((await tessera(['generate', '--count', 'many'], { deaf: true })).code).toBe(2);
});
