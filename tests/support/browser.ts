import { existsSync } from 'node:fs';
import { type Browser, type BrowserServer, chromium } from 'playwright-core';
import { describe, inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of the Chromium that all files of a run share; undefined where no browser is installed. */
    browserAddress: string | undefined;
    /** The same of the one that compiles once. */
    onceCompilingAddress: string | undefined;
  }
}

const PLACES = [
  process.env.TESSERA_BROWSER,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

const executable = PLACES.find((path) => path !== undefined && existsSync(path));

export const browserInstalled = executable !== undefined;

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
 * `describe` for what takes minutes and needs no browser: whoever has a browser runs everything. Elsewhere it skips aloud, on
 * CI it runs.
 */
export function describeSlow(title: string, body: () => void): void {
  if (!executable && !process.env.CI) {
    console.warn(`Not tested, since it takes minutes: ${title}. Set CI=1, or install Chromium, to test it.`);
  }
  describe.skipIf(!executable && !process.env.CI)(title, body);
}

export interface BrowserOptions {
  /** Whether there is a WebGPU adapter, in software where there is no other. @default true */
  readonly webgpu?: boolean;
  /**
   * Whether WebAssembly is compiled as it is needed and never again: that is quicker for a page that computes little, and
   * slower for one that computes much.
   * @default false
   */
  readonly compilesOnce?: boolean;
}

/**
 * A connection to the Chromium of the run; other options start one of its own. Each test opens contexts of its own in it,
 * which share nothing. `close` ends the connection and those contexts.
 */
export function openBrowser(options: BrowserOptions = {}): Promise<Browser> {
  const shared = options.compilesOnce ? 'onceCompilingAddress' : 'browserAddress';
  const address = options.webgpu === false ? undefined : inject(shared);
  return address ? chromium.connect(address) : chromium.launch(launchOptions(options));
}

/** Starts a Chromium that the files of a run connect to; undefined where no browser is installed. */
export async function startBrowser(options: BrowserOptions = {}): Promise<BrowserServer | undefined> {
  return executable ? chromium.launchServer(launchOptions(options)) : undefined;
}

/** Of several lists of features Chromium takes the last one, so Playwright's own is repeated. */
const SWITCHED_OFF_BY_PLAYWRIGHT = [
  ...['AvoidUnnecessaryBeforeUnloadCheckSync', 'DestroyProfileOnBrowserClose', 'HttpsUpgrades'],
  ...['HttpsFirstBalancedModeAutoEnable', 'LensOverlay', 'MediaRouter', 'PaintHolding'],
  ...['ThirdPartyStoragePartitioning', 'AvoidCorsURLLoaderRestartOnRedirect', 'TcpPortRandomizationWin'],
  ...['OptimizationHints', 'NetworkTimeServiceQuerying', 'AimEnabled', 'PreconnectToSearch'],
];

/** Pages of the address bar, which a window loads though nobody sees it: two thirds of what an empty page costs. */
const POPUPS = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup'];

function launchOptions({ webgpu = true, compilesOnce = false }: BrowserOptions) {
  if (!executable)
    throw new Error('There is no browser: install Chromium, or set TESSERA_BROWSER to its path.');
  return {
    executablePath: executable,
    args: [
      ...['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-sync'],
      ...['--disable-background-networking', '--disable-component-update'],
      // Without it the browser measures a page's memory when it likes to.
      '--enable-blink-features=ForceEagerMeasureMemory',
      ...(webgpu ? ['--enable-unsafe-webgpu'] : []),
      ...(compilesOnce ? ['--js-flags=--liftoff-only'] : []),
      `--disable-features=${[...SWITCHED_OFF_BY_PLAYWRIGHT, ...POPUPS].join()}`,
    ],
  };
}
