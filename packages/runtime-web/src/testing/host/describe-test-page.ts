import { resolve } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, inject } from 'vitest';
import { type BrowserOptions, describeInBrowser, openBrowser } from '../../../../../tests/support/browser.js';
import { embeddedModel } from './model-folders.js';
import { type PageServer, servePage } from './page-server.js';
import { openPage, type TestPage } from './test-page.js';

/** A model folder that whoever runs the tests names, at `/given/`. */
export const givenModel = process.env.TESSERA_BROWSER_MODEL;

/** The test page on a server of the file's own, with models at `/small/` and `/tiny/` and the embedded one at `/model/`. */
export interface TestSite {
  readonly server: PageServer;
  /** The models' folders on the disk. */
  readonly smallModel: string;
  readonly tinyModel: string;
  /** A page with storage of its own. @param isolated whether it is cross-origin isolated. @default true */
  open(isolated?: boolean): Promise<TestPage>;
}

/** Tests of the test page, in the browser of the run that has these options. */
export function describeTestPage(
  title: string,
  options: BrowserOptions,
  body: (site: TestSite) => void,
): void {
  describeInBrowser(title, () => {
    let browser: Browser;
    const servers = new Map<boolean, PageServer>();
    const serve = async (isolated: boolean): Promise<PageServer> => {
      const { bundles, smallModel, tinyModel } = inject('testPage');
      const given = givenModel === undefined ? {} : { given: resolve(givenModel) };
      const folders = { small: smallModel, tiny: tinyModel, model: embeddedModel, ...given };
      const server = servers.get(isolated) ?? (await servePage(bundles, folders, isolated));
      servers.set(isolated, server);
      return server;
    };
    beforeAll(async () => {
      await serve(true);
      browser = await openBrowser(options);
    });
    afterAll(async () => {
      await browser?.close();
      for (const server of servers.values()) await server.close();
    });
    body({
      get server() {
        return servers.get(true)!;
      },
      get smallModel() {
        return inject('testPage').smallModel;
      },
      get tinyModel() {
        return inject('testPage').tinyModel;
      },
      open: async (isolated = true) => openPage(browser, await serve(isolated)),
    });
  });
}
