import type { TestProject } from 'vitest/node';
import { browserInstalled } from '../../../../tests/support/browser.js';
import { onceARun } from '../../../../tests/support/once-a-run.js';
import { builtSite } from './built-site.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The built site that all files of a run visit; undefined where no browser is installed. */
    site: { readonly address: string; readonly folder: string } | undefined;
  }
}

/** Vitest's globalSetup of the playground's tests: one build and one server a run. */
export default function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  return onceARun(
    'site',
    async () => (browserInstalled ? builtSite() : undefined),
    async (site) => site?.close(),
    (site) => provide('site', site && { address: site.address, folder: site.folder }),
  );
}
