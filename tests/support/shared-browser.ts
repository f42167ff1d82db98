import type { TestProject } from 'vitest/node';
import { startBrowser } from './browser.js';
import { onceARun } from './once-a-run.js';

/** Vitest's globalSetup of the projects that need a browser: a Chromium of each kind a run. */
export default function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  return onceARun(
    'browsers',
    async () => ({ usual: await startBrowser(), onceCompiling: await startBrowser({ compilesOnce: true }) }),
    async ({ usual, onceCompiling }) => {
      await usual?.close();
      await onceCompiling?.close();
    },
    ({ usual, onceCompiling }) => {
      provide('browserAddress', usual?.wsEndpoint());
      provide('onceCompilingAddress', onceCompiling?.wsEndpoint());
    },
  );
}
