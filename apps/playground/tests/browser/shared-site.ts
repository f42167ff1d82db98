import type { TestProject } from 'vitest/node';
import { browserInstalled } from '../../../../tests/support/browser.js';
import { onceARun } from '../../../../tests/support/once-a-run.js';
import { type BuiltSite, builtSite, copiedSite } from './built-site.js';
import { writeQuickModels } from './quick-models.js';

type Place = Pick<BuiltSite, 'address' | 'folder'>;

declare module 'vitest' {
  interface ProvidedContext {
    /**
     * The built site that all files of a run visit, and the same one with quick models in place of the embedded ones;
     * undefined where no browser is installed.
     */
    sites: { readonly embedded: Place; readonly quick: Place } | undefined;
  }
}

/** Vitest's globalSetup of the playground's tests: one build a run. */
export default function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  return onceARun(
    'sites',
    async () => (browserInstalled ? startSites() : undefined),
    async (sites) => {
      await sites?.embedded.close();
      await sites?.quick.close();
    },
    (sites) => provide('sites', sites && { embedded: placeOf(sites.embedded), quick: placeOf(sites.quick) }),
  );
}

async function startSites() {
  const embedded = await builtSite();
  const quick = await copiedSite(embedded.folder);
  await writeQuickModels(quick.folder);
  return { embedded, quick };
}

const placeOf = ({ address, folder }: BuiltSite): Place => ({ address, folder });
