import type { TestProject } from 'vitest/node';
import { startBrowser } from './browser.js';

/** Vitest's globalSetup of the projects that need a browser: one Chromium a run. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const server = await startBrowser();
  provide('browserAddress', server?.wsEndpoint());
  return async () => server?.close();
}
