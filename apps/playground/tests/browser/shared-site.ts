import type { TestProject } from 'vitest/node';
import { browserInstalled } from '../../../../tests/support/browser.js';
import { builtSite } from './built-site.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The built site that all files of a run visit; undefined where no browser is installed. */
    site: { readonly address: string; readonly folder: string } | undefined;
  }
}

/** Vitest's globalSetup of the playground's tests: one build and one server a run. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const site = browserInstalled ? await builtSite() : undefined;
  provide('site', site && { address: site.address, folder: site.folder });
  return async () => site?.close();
}
