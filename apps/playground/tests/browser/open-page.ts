import { existsSync } from 'node:fs';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { chromium } from 'playwright-core';
import { describe } from 'vitest';

const executablePath =
  [
    process.env.TESSERA_BROWSER,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
  ].find((path) => path !== undefined && existsSync(path)) ?? '';

/** A suite that needs a browser: where there is none it is skipped aloud, on CI it fails. */
export function describeInBrowser(name: string, suite: () => void): void {
  const possible = executablePath !== '' || Boolean(process.env.CI);
  if (!possible) {
    console.warn(
      `Not tested, for want of a browser: ${name}. Install Chromium, or set TESSERA_BROWSER to its path.`,
    );
  }
  describe.skipIf(!possible)(name, suite);
}

export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      ...[
        '--headless',
        '--no-sandbox',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
      ],
      ...['--disable-component-update', '--disable-sync'],
    ],
  });
}

/** A page, and everything that went wrong on it unnoticed. */
export interface WatchedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly errors: readonly string[];
}

export async function openPage(
  browser: Browser,
  options: BrowserContextOptions & { readonly device?: string } = {},
): Promise<WatchedPage> {
  const { device = 'wasm', ...rest } = options;
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...rest });
  await context.addInitScript((choice) => {
    // The sandbox's frame has no storage.
    if (self === top) localStorage.setItem('tessera-device', choice);
  }, device);
  const page = await context.newPage();
  page.setDefaultTimeout(45_000);
  const errors: string[] = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  return { page, context, errors };
}

/** What the picture shows, as the numbers of its canvas. */
export function pixelsOf(page: Page, index = 0): Promise<number[]> {
  return page
    .locator('.picture canvas')
    .nth(index)
    .evaluate((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      return [...(canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height).data];
    });
}
