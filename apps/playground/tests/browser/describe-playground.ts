import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { describeInBrowser, openBrowser } from '../../../../tests/support/browser.js';
import { type BuiltSite, builtSite } from './built-site.js';
import { openPage, type PageOptions, type WatchedPage } from './open-page.js';

/** The built playground on a host, and a browser to visit it with. */
export interface Playground {
  /** With a slash at its end. */
  readonly address: string;
  /** Where the built files lie. */
  readonly folder: string;
  /** A page in a context of its own. */
  open(options?: PageOptions): Promise<WatchedPage>;
}

/** Tests of the built playground in one browser. */
export function describePlayground(title: string, body: (playground: Playground) => void): void {
  describeInBrowser(`the playground: ${title}`, () => {
    let site: BuiltSite;
    let browser: Browser;
    beforeAll(async () => {
      site = await builtSite();
      browser = await openBrowser();
    });
    afterAll(async () => {
      await browser?.close();
      await site?.close();
    });
    body({
      get address() {
        return site.address;
      },
      get folder() {
        return site.folder;
      },
      open: (options) => openPage(browser, options),
    });
  });
}
