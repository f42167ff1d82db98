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

export interface BrowserOptions {
  /** Whether there is a WebGPU adapter, in software where there is no other. @default true */
  readonly webgpu?: boolean;
  /** More switches for its command line. */
  readonly flags?: readonly string[];
}

/** Starts Chromium. */
export function openBrowser({ webgpu = true, flags = [] }: BrowserOptions = {}): Promise<Browser> {
  if (!executable)
    throw new Error('There is no browser: install Chromium, or set TESSERA_BROWSER to its path.');
  return chromium.launch({
    executablePath: executable,
    args: [
      ...['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-sync'],
      ...['--disable-background-networking', '--disable-component-update'],
      ...(webgpu ? ['--enable-unsafe-webgpu'] : []),
      ...flags,
    ],
  });
}
