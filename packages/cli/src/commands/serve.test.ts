import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { FAKE_MANIFEST, fakeLoadedModel } from '../../../evaluation-report/src/testing/fake-loaded-model.js';
import { temporaryFolder } from '../../../evaluation-report/src/testing/temporary-folder.js';
import { run } from '../run.js';
import { capturedIo } from '../testing/captured-io.js';

/** Runs `tessera serve` on a free port until the use of it is over. */
async function serving(args: readonly string[], use: (address: string) => Promise<void>) {
  const controller = new AbortController();
  const io = capturedIo({ signal: controller.signal });
  const code = run(['serve', '--port', '0', ...args], io, { loadModel: async () => fakeLoadedModel() });
  try {
    const address = await vi.waitFor(() => {
      expect(io.written.out).toContain('ready');
      return /http:\S+/.exec(io.written.out)![0];
    }, 20_000);
    await use(address);
  } finally {
    controller.abort(new Error('stop'));
  }
  return { code: await code, ...io.written };
}

const draw = (address: string, body: object, headers = {}) =>
  fetch(`${address}/v1/images/generations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ prompt: 'cat', policy: 'mar:3x2', ...body }),
  });

describe('serve', () => {
  it('answers over HTTP, logs a line an answer, and ends in order', async () => {
    const { code, out, error } = await serving([], async (address) => {
      const response = await draw(address, { seed: 4 });
      expect(await response.json()).toMatchObject({
        seed: 4,
        recipe: { model: { name: FAKE_MANIFEST.name, location: 'embedded-text' }, made: { device: 'cpu' } },
      });
    });
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/ready +tessera-tiny-text, tessera-tiny\ndraining/),
    ]);
    expect(JSON.parse(error)).toMatchObject({
      level: 30,
      status: 200,
      model: 'tessera-tiny-text',
      seed: 4,
      pictures: 1,
    });
    expect(error).not.toContain('"prompt"');
  });

  it('takes models by name, and tokens from a file', async () => {
    const folder = await temporaryFolder();
    const tokens = join(folder, 'tokens');
    await writeFile(join(folder, 'mar.json'), JSON.stringify(FAKE_MANIFEST));
    await writeFile(tokens, `# ours\nann ${createHash('sha256').update('secret').digest('hex')} 60\n`);
    await serving(['--tokens', tokens, '--model', `one=${folder}`, '--model', folder], async (address) => {
      expect((await draw(address, {})).status).toBe(401);
      const headers = { authorization: 'Bearer secret' };
      expect((await draw(address, { model: 'one' }, headers)).status).toBe(200);
      const models = (await (await fetch(`${address}/v1/models`, { headers })).json()) as {
        data: { id: string }[];
      };
      expect(models.data.map(({ id }) => id)).toEqual(['one', folder.split('/').at(-1)]);
    });
  });

  it.each([
    ['a file of tokens that is none', 'ann 1234', /line 1: it must be NAME SHA256/],
    ['a file that is missing', undefined, /can't be read/],
  ])('refuses %s', async (_, text, message) => {
    const path = join(await temporaryFolder(), 'tokens');
    if (text !== undefined) await writeFile(path, text);
    const io = capturedIo();
    expect(await run(['serve', '--tokens', path], io)).toBe(2);
    expect(io.written.error).toMatch(message);
  });

  it('refuses two models of one name, and a port that is taken', async () => {
    const io = capturedIo();
    expect(await run(['serve', '--model', 'a=x', '--model', 'a=y'], io)).toBe(2);
    expect(io.written.error).toContain('Two models are called a.');
    await serving([], async (address) => {
      const other = capturedIo();
      const code = await run(['serve', '--port', new URL(address).port], other, {
        loadModel: async () => fakeLoadedModel(),
      });
      expect([code, other.written.error]).toEqual([1, expect.stringContaining('EADDRINUSE')]);
    });
  });
});
