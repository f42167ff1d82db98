import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPng } from '@tessera/evaluation-report/files';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeWithRedis } from '../../../../tests/support/redis.js';
import { temporaryFolder } from '../../../evaluation-report/src/testing/temporary-folder.js';
import { type RedisServer, startRedis } from '../../../fleet/src/testing/start-redis.js';
import { run } from '../run.js';
import { capturedIo } from '../testing/captured-io.js';
import { filesOf } from '../testing/files-of.js';

// The embedded text model itself, in few steps.

const CPU = ['--device', 'cpu', '--threads', '1'];
const QUICK = [...CPU, '--policy', 'mar:3x3', '--seed', '5', '--negative', 'snow'];
const PROMPTS = ['a red fox', 'Three cherries, on snow'];
const RANGE = ['--pictures', '1-4', '--of', '2'];

async function tessera(args: readonly string[], env: Record<string, string> = {}) {
  const io = capturedIo({ env });
  const code = await run(args, io);
  return { code, ...io.written };
}

/** Draws a job as an array of two. */
async function array(out: string, job: readonly string[]): Promise<void> {
  for (const part of [['--index', '0'], ['--index', '1'], ['--finish']])
    expect(await tessera(['shard', ...job, ...RANGE, '--out', out, ...part])).toMatchObject({
      code: 0,
      error: '',
    });
}

/** The pictures below a folder by their names. */
async function pictures(folder: string): Promise<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(await filesOf(folder)).flatMap(([path, bytes]) => {
      const [, name] = /\/(\d{5}-[^/]+\.png)$/.exec(path) ?? [];
      return name === undefined ? [] : [[name, bytes]];
    }),
  );
}

describe('a job of prompts', () => {
  it('draws what generate draws of them, byte by byte', async () => {
    const folder = await temporaryFolder();
    await array(join(folder, 'job'), [...PROMPTS, ...QUICK]);
    const alone = join(folder, 'alone');
    expect(await tessera(['generate', ...PROMPTS, ...QUICK, '--count', '3', '--out', alone])).toMatchObject({
      code: 0,
    });
    const drawn = await pictures(join(folder, 'job'));
    expect(Object.keys(drawn).sort()).toEqual([
      '00001-three-cherries.png',
      '00002-a-red-fox.png',
      '00003-three-cherries.png',
      '00004-a-red-fox.png',
    ]);
    expect(await pictures(alone)).toMatchObject(drawn);
    const manifest = JSON.parse(await readFile(join(folder, 'job', 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({ prompts: PROMPTS, negativePrompt: 'snow' });
  });

  it('takes prompts of a file, and another size', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'prompts.txt'), `${PROMPTS.join('\n\n')}\n`);
    const sized = [...QUICK, '--size', '64x96'];
    await array(join(folder, 'job'), ['--prompts', join(folder, 'prompts.txt'), ...sized]);
    const alone = join(folder, 'alone.png');
    await tessera(['generate', PROMPTS[0]!, ...sized, '--index', '4', '--out', alone]);
    const path = join(folder, 'job', 'shard-000001', '00004-a-red-fox.png');
    expect(await readFile(path)).toEqual(await readFile(alone));
    expect((await readPng(path)).image).toMatchObject({ width: 64, height: 96 });
  });

  it('is another one for other prompts, another size, or other words to lead away from', async () => {
    const out = join(await temporaryFolder(), 'job');
    const first = ['shard', ...RANGE, '--index', '0', '--out', out];
    expect(await tessera([...first, ...PROMPTS, ...QUICK])).toMatchObject({ code: 0 });
    for (const other of [
      [...PROMPTS, ...QUICK, '--negative', 'fog'],
      [PROMPTS[0]!, ...QUICK],
      [...PROMPTS, ...QUICK, '--size', '64x64'],
    ])
      expect(await tessera([...first, ...other])).toMatchObject({
        code: 1,
        error: expect.stringContaining('of another job'),
      });
  });

  it.each([
    [['--negative', 'snow'], 'Say what to draw'],
    [['a fox', '--model', 'embedded'], 'draws classes, not prompts'],
    [['--model', 'embedded-text'], 'Say what to draw'],
    [['a fox', '--size', '100x100'], 'must be multiples of 16 pixels'],
  ])('is refused by a sentence for %j', async (args, message) => {
    const out = join(await temporaryFolder(), 'job');
    const { code, error } = await tessera([
      ...['shard', ...CPU, ...RANGE, '--index', '0', '--out', out],
      ...args,
    ]);
    expect([code, error]).toEqual([2, expect.stringContaining(message)]);
  });
});

describeWithRedis('a queue', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedis();
  });
  afterAll(() => server.stop());

  it('leads prompts to the very files that an array job leaves', async () => {
    const folder = await temporaryFolder();
    const job = [...PROMPTS, ...QUICK];
    await array(join(folder, 'array'), job);
    const env = { TESSERA_REDIS: server.url };
    expect(await tessera(['submit', ...job, ...RANGE, '--name', 'queued'], env)).toMatchObject({
      code: 0,
      out: 'queued  4 pictures in 2 shards  added\n',
    });
    expect(await tessera(['worker', ...CPU, '--out', folder, '--until-empty'], env)).toMatchObject({
      code: 0,
      error: '',
    });
    expect(await filesOf(join(folder, 'queued'))).toEqual(await filesOf(join(folder, 'array')));
  });
});
