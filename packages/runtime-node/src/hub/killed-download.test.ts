import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchCheckpoint } from '@tessera/runtime-node';
import { hubServer } from '@tessera/runtime-node/testing';
import { expect, it, vi } from 'vitest';

/** How often a download is killed. */
const KILLS = 2;
const BYTES = 3_000_000;
const LOCATION = 'hf:someone/mar/mar.safetensors';

it('a download that is killed at any moment goes on where it was, and ends with the same bytes', async () => {
  const body = Buffer.from(Uint8Array.from({ length: BYTES }, (_, i) => (i * 31) % 251));
  const hub = await hubServer({ 'someone/mar': { main: { 'mar.safetensors': { body, isLfs: true } } } });
  let sent = 0;
  hub.habit = (request, response) => {
    let from = Number(/\d+/.exec(request.headers.range ?? '0')![0]);
    const rest = from;
    response.writeHead(from > 0 ? 206 : 200, {
      'content-length': BYTES - from,
      ...(from > 0 ? { 'content-range': `bytes ${rest}-${BYTES - 1}/${BYTES}` } : {}),
    });
    // About half a second for all of it.
    const timer = setInterval(() => {
      const part = body.subarray(from, from + 60_000);
      from += part.length;
      sent += part.length;
      response.write(part);
      if (from < BYTES) return;
      clearInterval(timer);
      response.end();
    }, 10);
    response.on('close', () => clearInterval(timer));
  };
  const cache = mkdtempSync(join(tmpdir(), 'tessera-killed-'));
  const env = { ...process.env, HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: cache, HF_HUB_OFFLINE: '' };
  const program = `
    const { fetchCheckpoint } = await import(process.argv[1]);
    await fetchCheckpoint(process.argv[2]);`;
  const library = import.meta.resolve('@tessera/runtime-node');
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      const moment = hub.requests.length;
      const child = spawn(process.execPath, ['--input-type=module', '-e', program, library, LOCATION], {
        env,
      });
      // From the first request on, which comes once Node is up.
      await vi.waitUntil(() => hub.requests.length > moment, { timeout: 30_000, interval: 5 });
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 250));
      child.kill('SIGKILL');
      await new Promise((resolve) => child.on('exit', resolve));
    }
    for (const [name, value] of Object.entries(env)) if (name.startsWith('HF_')) vi.stubEnv(name, value);
    const { checkpoint } = await fetchCheckpoint(LOCATION);
    expect(readFileSync(checkpoint).equals(body)).toBe(true);
    // What was in a pipe when the process died was sent in vain.
    expect(sent).toBeLessThan(BYTES + KILLS * 1_500_000);
    expect(readdirSync(join(cache, 'models--someone--mar', 'blobs'))).toHaveLength(1);
  } finally {
    vi.unstubAllEnvs();
    await hub.close();
    rmSync(cache, { recursive: true });
  }
});
