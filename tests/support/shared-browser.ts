import type { TestProject } from 'vitest/node';
import { startBrowser } from './browser.js';
import { onceARun } from './once-a-run.js';

/** Vitest's globalSetup of the projects that need a browser: one Chromium a run. */
export default function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  return onceARun(
    'browser',
    () => startBrowser(),
    async (server) => server?.close(),
    (server) => provide('browserAddress', server?.wsEndpoint()),
  );
}
