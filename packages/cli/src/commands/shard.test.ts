import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fakeLoadedModel } from '../../../evaluation-report/src/testing/fake-loaded-model.js';
import { temporaryFolder } from '../../../evaluation-report/src/testing/temporary-folder.js';
import { run } from '../run.js';
import { capturedIo } from '../testing/captured-io.js';
import { filesOf } from '../testing/files-of.js';

const loadModel = async () => fakeLoadedModel();

async function shard(out: string, args: readonly string[], io = capturedIo()) {
  const command = ['shard', '--pictures', '2-12', '--of', '3', '--policy', 'mar:3x2', '--out', out, ...args];
  return { code: await run(command, io, { loadModel }), ...io.written };
}

async function finished(out: string): Promise<void> {
  for (const index of [0, 1, 2]) expect((await shard(out, ['--index', `${index}`])).code).toBe(0);
  expect((await shard(out, ['--finish'])).code).toBe(0);
}

describe('shard', () => {
  it('draws each picture of the range once, the same as generate, and checks the whole', async () => {
    const folder = await temporaryFolder();
    const out = join(folder, 'job');
    await finished(out);
    const manifest = JSON.parse(await readFile(join(out, 'manifest.json'), 'utf8'));
    const pictures = manifest.shards.flatMap((each: { pictures: { index: number }[] }) => each.pictures);
    expect(pictures.map(({ index }: { index: number }) => index)).toEqual([
      2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
    ]);
    expect(await readdir(out)).toEqual(
      expect.arrayContaining(['manifest.json', 'sheet.png', 'shard-000002']),
    );
    const alone = join(folder, 'alone');
    await run(['generate', '--index', '7', '--policy', 'mar:3x2', '--out', alone], capturedIo(), {
      loadModel,
    });
    const file = '00007-red-fox.png';
    expect(await readFile(join(out, 'shard-000001', file))).toEqual(await readFile(join(alone, file)));
  });

  it('gives the bytes of an unbroken run after workers that were stopped, and run twice or at once', async () => {
    const folder = await temporaryFolder();
    const [whole, broken] = [join(folder, 'whole'), join(folder, 'broken')];
    await finished(whole);
    const controller = new AbortController();
    const stopped = shard(broken, ['--index', '1'], capturedIo({ signal: controller.signal }));
    controller.abort(new Error('stop'));
    expect((await stopped).code).toBe(130);
    // As a worker leaves it that is killed.
    await mkdir(join(broken, '.partial-1-dead'), { recursive: true });
    await writeFile(join(broken, '.partial-1-dead', '00006-cat.png'), 'half');
    const twice = await Promise.all([shard(broken, ['--index', '1']), shard(broken, ['--index', '1'])]);
    expect(twice.map(({ code }) => code)).toEqual([0, 0]);
    await finished(broken);
    expect(await filesOf(broken)).toEqual(await filesOf(whole));
    expect((await shard(broken, ['--index', '1'])).out).toContain('was there');
  });

  it('takes its index from Kubernetes, Slurm and AWS Batch', async () => {
    const out = join(await temporaryFolder(), 'job');
    const names = ['JOB_COMPLETION_INDEX', 'SLURM_ARRAY_TASK_ID', 'AWS_BATCH_JOB_ARRAY_INDEX'];
    for (const [index, name] of names.entries()) {
      const { out: text } = await shard(out, [], capturedIo({ env: { [name]: `${index}` } }));
      expect(text).toContain(`shard ${index} of 3`);
    }
    expect(await shard(out, [])).toMatchObject({ code: 2, error: expect.stringContaining('--index') });
  });

  it('says what is missing, changed, or of another job', async () => {
    const out = join(await temporaryFolder(), 'job');
    await shard(out, ['--index', '0']);
    expect(await shard(out, ['--finish'])).toMatchObject({
      code: 1,
      error: expect.stringContaining('2 of 3 shards are missing: 1, 2.'),
    });
    expect((await shard(out, ['--index', '0', '--seed', '2'])).error).toContain('of another job');
    await shard(out, ['--index', '1']);
    await shard(out, ['--index', '2']);
    const [file] = (await readdir(join(out, 'shard-000002'))).filter((name) => name.endsWith('.png'));
    const path = join(out, 'shard-000002', file!);
    await cp(join(out, 'shard-000000', 'manifest.json'), path);
    expect((await shard(out, ['--finish'])).error).toContain(`${path} is not what was drawn`);
    await rm(path);
    expect((await shard(out, ['--finish'])).error).toContain(`${path} is missing`);
  });

  it.each([
    [['--index', '3'], 2, 'index'],
    [['--pictures', '9-2'], 2, '0-9999'],
    [['--index', '0', '--of', '12'], 2, 'at most the number of pictures, 11'],
  ])('refuses %j', async (args, code, message) => {
    const out = join(await temporaryFolder(), 'job');
    expect(await shard(out, args)).toMatchObject({ code, error: expect.stringContaining(message) });
  });
});
