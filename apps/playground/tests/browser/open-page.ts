import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

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
