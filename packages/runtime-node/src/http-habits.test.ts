import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { modelFolder } from './model-folder.js';
import { exampleFolder, LARGE } from './testing/example-folder.js';
import {
  FOREIGN_HABITS,
  HARMLESS_HABITS,
  type HttpHabit,
  plainly,
  RESUMING_HABITS,
} from './testing/http-habits.js';
import { type HubServer, hubServer } from './testing/hub-server.js';

const FOLDER = exampleFolder();

/** A server, and what its model is called. */
interface Place {
  readonly location: string;
  setHabit(habit: HttpHabit): void;
  /** How often the large file was asked for. */
  requests(): number;
  close(): Promise<void>;
}

async function webServer(): Promise<Place> {
  let habit = plainly;
  let requests = 0;
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url!, 'http://localhost');
    const body = FOLDER[url.pathname.slice(1)];
    if (url.pathname.endsWith(LARGE)) requests++;
    // As on a hub, where the list of files comes from its API.
    if (body) (url.pathname === '/mar.json' ? plainly : habit)(request, response, body, url);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    location: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    setHabit(next) {
      habit = next;
    },
    requests: () => requests,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function hubPlace(): Promise<Place> {
  const files = Object.entries(FOLDER).map(
    ([path, body]) => [path, { body, isLfs: path.endsWith('.onnx') }] as const,
  );
  const hub: HubServer = await hubServer({ 'someone/model': { main: Object.fromEntries(files) } });
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
  return {
    location: 'hf:someone/model',
    setHabit(next) {
      hub.habit = (request, response, body, url) =>
        (body.length === FOLDER['mar.json']!.length ? plainly : next)(request, response, body, url);
    },
    requests: () => hub.requests.filter(({ path }) => path.startsWith('/lfs/')).length,
    close: () => hub.close(),
  };
}

describe.each([
  ['an address', webServer],
  ['a hub', hubPlace],
] as const)('from %s', (name, open) => {
  let place: Place;
  let cacheFolder: string;
  beforeEach(async () => {
    place = await open();
    cacheFolder = mkdtempSync(join(tmpdir(), 'tessera-habits-'));
    vi.stubEnv('HF_HUB_CACHE', cacheFolder);
    vi.stubEnv('HF_HOME', cacheFolder);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await place.close();
    rmSync(cacheFolder, { recursive: true });
  });
  const load = () => modelFolder(place.location, { dtype: 'auto', cacheFolder, backOff: 0 });

  async function expectWhole(): Promise<void> {
    const { path } = await load();
    for (const [file, body] of Object.entries(FOLDER)) {
      expect(readFileSync(join(path, file)).equals(body), file).toBe(true);
    }
  }

  it.each(RESUMING_HABITS)(
    'a model arrives that breaks off, where the server then %s',
    async (_, habit, n) => {
      place.setHabit(habit());
      await expectWhole();
      if (name === 'an address') expect(place.requests()).toBe(1 + n);
    },
  );

  it.each(HARMLESS_HABITS)('a model arrives from a server that %s', async (_, habit) => {
    place.setHabit(habit());
    await expectWhole();
  });

  it.each(FOREIGN_HABITS)('nothing is stored from a server that %s', async (_, habit, message) => {
    place.setHabit(habit);
    await expect(load()).rejects.toMatchObject({
      code: 'model-file',
      message: expect.stringMatching(message),
    });
    place.setHabit(plainly);
    await expectWhole();
  });
});
