import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, inject } from 'vitest';
import { describeInBrowser, openBrowser } from '../../../../tests/support/browser.js';
import { type BuiltSite, copiedSite } from './built-site.js';
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

/**
 * Tests of the built playground in the browser of the run.
 *
 * @param options.copy whether the tests change the site's files, and so get a copy of it
 * @param options.models whether the models are the embedded ones, or quick ones that draw noise: see `writeQuickModels`
 */
export function describePlayground(
  title: string,
  body: (playground: Playground) => void,
  {
    copy = false,
    models = 'quick',
  }: { readonly copy?: boolean; readonly models?: 'embedded' | 'quick' } = {},
): void {
  describeInBrowser(`the playground: ${title}`, () => {
    let copied: BuiltSite | undefined;
    let browser: Browser;
    const site = () => copied ?? inject('sites')![models];
    beforeAll(async () => {
      if (copy) copied = await copiedSite(inject('sites')![models].folder);
      // A new version takes over only from the last page that is open: pages of other tests must not count.
      browser = await openBrowser({ compilesOnce: models === 'quick', ...(copy ? { webgpu: false } : {}) });
    });
    afterAll(async () => {
      await browser?.close();
      await copied?.close();
    });
    body({
      get address() {
        return site().address;
      },
      get folder() {
        return site().folder;
      },
      open: (options) => openPage(browser, options),
    });
  });
}
