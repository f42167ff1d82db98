import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { describe } from 'vitest';

const PLACES = [
  process.env.TESSERA_BROWSER,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const executable = PLACES.find((path) => path !== undefined && existsSync(path));

/** `describe` where there is a browser; elsewhere it skips aloud, on CI it fails. */
export function describeInBrowser(title: string, body: () => void): void {
  if (!executable && !process.env.CI) {
    console.warn(
      `Not tested, for want of a browser: ${title}. Install Chromium, or set TESSERA_BROWSER to its path.`,
    );
  }
  describe.skipIf(!executable && !process.env.CI)(title, body);
}

/**
 * Starts Chromium, with a WebGPU adapter in software where there is no other.
 *
 * @param flags more switches for its command line
 */
export function openBrowser(...flags: readonly string[]): Promise<Browser> {
  if (!executable)
    throw new Error('There is no browser: install Chromium, or set TESSERA_BROWSER to its path.');
  return chromium.launch({
    executablePath: executable,
    args: [
      ...['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-sync'],
      ...['--disable-background-networking', '--disable-component-update', '--enable-unsafe-webgpu'],
      ...flags,
    ],
  });
}
