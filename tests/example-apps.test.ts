import { existsSync, readFileSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type InstalledApp, installApp, RegistryUnreachableError } from './installed-app.js';
import { type PackedRegistry, packedRegistry } from './packed-registry.js';
import { describeInBrowser, openBrowser } from './support/browser.js';

const PACKAGES = ['core', 'format', 'fts', 'gtr', 'onnx', 'runtime-web', 'model-tiny'];

/** How each app is served once it is built. */
const APPS: Readonly<Record<string, readonly [script: string, ...given: string[]]>> = {
  'vite-app': ['vite/bin/vite.js', 'preview', '--strictPort'],
  'next-app': ['next/dist/bin/next', 'start'],
};

describeInBrowser('an app that installs the published packages', () => {
  let registry: PackedRegistry;
  beforeAll(async () => {
    registry = await packedRegistry(PACKAGES.map((name) => join('packages', name)));
  }, 60_000);
  afterAll(() => registry?.close());

  it.for(Object.entries(APPS))(
    '%s is type-checked, built and served, and draws',
    { timeout: 400_000 },
    async ([name, serving], { skip }) => {
      let app: InstalledApp;
      try {
        app = await installApp(join('examples', name), registry.address);
      } catch (error) {
        if (!(error instanceof RegistryUnreachableError) || process.env.CI) throw error;
        const reason = `Not tested, for want of a package registry: ${name}.`;
        console.warn(reason);
        return skip(reason);
      }
      try {
        // Neither left out nor a link into the workspace.
        for (const each of PACKAGES) {
          const place = join(app.folder, 'node_modules/@tessera', each);
          expect(await realpath(place), each).toBe(place);
        }
        await app.build();
        await drawsPicture(await app.serve(...serving));
      } finally {
        await app.remove();
      }
    },
  );
});

it('are named in the README of the examples, and say how to start them', () => {
  const readme = readFileSync('examples/README.md', 'utf8');
  for (const name of Object.keys(APPS)) {
    expect(readme).toContain(`\`${name}\``);
    expect(readFileSync(join('examples', name, 'README.md'), 'utf8')).toContain('npm run dev');
    expect(existsSync(join('examples', name, 'package.json'))).toBe(true);
  }
});

/** Opens the page in a browser and waits until the picture is there. */
async function drawsPicture(address: string): Promise<void> {
  const browser = await openBrowser();
  try {
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', ({ message }) => errors.push(message));
    await page.goto(address);
    await page
      .locator('output', { hasText: /on wasm with (\d+ threads|one thread)/ })
      .waitFor({ timeout: 120_000 });
    const pixels = await page.locator('canvas').evaluate((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      return [...(canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height).data];
    });
    expect(pixels).toHaveLength(64 * 64 * 4);
    expect(new Set(pixels).size).toBeGreaterThan(50);
    expect(await page.evaluate('crossOriginIsolated')).toBe(true);
    expect(errors).toEqual([]);
  } finally {
    await browser.close();
  }
}
