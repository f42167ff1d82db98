import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

/** A page, and everything that went wrong on it unnoticed. */
export interface WatchedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly errors: readonly string[];
}

export interface PageOptions extends BrowserContextOptions {
  /** Where the model is to run. @default 'wasm' */
  readonly device?: string;
}

export async function openPage(browser: Browser, options: PageOptions = {}): Promise<WatchedPage> {
  const { device = 'wasm', ...rest } = options;
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...rest });
  await context.addInitScript((choice) => {
    // The sandbox's frame has no storage.
    if (self === top) localStorage.setItem('tessera-device', choice);
  }, device);
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  const errors: string[] = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  return { page, context, errors };
}

/** A picture of few steps, for a link: what is tested is the page. */
export const QUICK = 'class=3&seed=7&guidance=1&temperature=0.8&policy=gtr-16&diffusion=8';

/** A picture that takes long enough to be stopped, whatever draws it. */
export const SLOW = 'class=3&seed=7&guidance=1&policy=mar&diffusion=100';

/** What the view Generate says of a picture that is done. */
const DRAWN = 'head evaluations';

/** Waits for a picture of the view Generate. */
export const drawn = (page: Page): Promise<void> => page.getByText(DRAWN, { exact: false }).first().waitFor();

/** Presses Draw and waits for the new picture. A quick one may be there before anyone here has seen that it was begun. */
export async function drawAgain(page: Page): Promise<void> {
  const watch = await page.evaluateHandle((done) => {
    const isBegun = new Promise<void>((resolve) => {
      const observer = new MutationObserver(() => {
        if (document.body.textContent!.includes(done)) return;
        observer.disconnect();
        resolve();
      });
      observer.observe(document.body, { childList: true, subtree: true, characterData: true });
    });
    return { isBegun };
  }, DRAWN);
  await page.getByRole('button', { name: 'Draw', exact: true }).click();
  await watch.evaluate(({ isBegun }) => isBegun);
  await watch.dispose();
  await drawn(page);
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
