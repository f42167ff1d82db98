import { parseManifest } from '@tessera/format';
import { type Port, RemoteModel } from '@tessera/onnx';
import type { Browser, Page } from 'playwright-core';
import type { Drawing, DrawOptions, PageApi, PageFailure, PageLoadOptions, PageModel } from '../page-api.js';
import type { PageServer } from './page-server.js';

declare const testPage: PageApi;

/** The test page in a browser, with storage of its own. */
export interface TestPage {
  readonly page: Page;
  /** @throws Error where loading fails */
  load(options: PageLoadOptions): Promise<PageModel>;
  /** How loading fails. @throws Error where it does not */
  failure(options: PageLoadOptions): Promise<PageFailure>;
  /** A model on the page, as one that can be called from here. */
  remote(model: PageModel): RemoteModel;
  draw(model: PageModel, options: DrawOptions): Promise<Drawing>;
  dispose(model: PageModel): Promise<readonly PageFailure[]>;
  probe(): ReturnType<PageApi['probe']>;
  noise(model: PageModel, seed: number, count: number): ReturnType<PageApi['noise']>;
  memory(): ReturnType<PageApi['memory']>;
  close(): Promise<void>;
}

export async function openPage(browser: Browser, { address }: PageServer): Promise<TestPage> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const listeners = new Map<number, (message: unknown) => void>();
  await page.exposeFunction('receive', (id: number, message: unknown) => listeners.get(id)?.(message));
  await page.goto(address);
  await page.waitForFunction(() => 'testPage' in globalThis);

  /** Messages that are sent together arrive together, as they would from thread to thread. */
  function portTo(id: number): Port {
    let batch: unknown[] = [];
    return {
      send(message) {
        batch.push(message);
        if (batch.length > 1) return;
        queueMicrotask(() => {
          const messages = batch;
          batch = [];
          // A page that is closed meanwhile has nothing to say.
          page.evaluate(([to, all]) => testPage.send(to, all), [id, messages] as const).catch(() => {});
        });
      },
      listen: (listener) => listeners.set(id, listener),
    };
  }

  return {
    page,
    async load(options) {
      const loaded = await page.evaluate((given) => testPage.load(given), options);
      if ('id' in loaded) return loaded;
      throw Object.assign(new Error(loaded.message), loaded);
    },
    async failure(options) {
      const failed = await page.evaluate((given) => testPage.load(given), options);
      if ('id' in failed) throw new Error(`The model was loaded, on ${failed.device}.`);
      return failed;
    },
    remote: ({ id, manifest }) => new RemoteModel(portTo(id), parseManifest(manifest)),
    draw: ({ id }, options) =>
      page.evaluate(([from, given]) => testPage.draw(from, given), [id, options] as const),
    dispose: ({ id }) => page.evaluate((from) => testPage.dispose(from), id),
    probe: () => page.evaluate(() => testPage.probe()),
    noise: ({ id }, seed, count) =>
      page.evaluate((given) => testPage.noise(...given), [id, seed, count] as const),
    memory: () => page.evaluate(() => testPage.memory()),
    close: () => context.close(),
  };
}
