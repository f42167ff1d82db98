import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { bundledScript } from './bundled-script.js';

const ENTRY = fileURLToPath(new URL('../src/own-policy/sandbox-worker.ts', import.meta.url));
const MODULE = 'virtual:policy-sandbox';
const RESOLVED = `\0${MODULE}`;

/**
 * Gives the sandbox's worker as a text: it is started from a frame that may load nothing, so it has to be one script.
 */
export function policySandbox(): Plugin {
  return {
    name: 'policy-sandbox',
    resolveId: (id) => (id === MODULE ? RESOLVED : undefined),
    async load(id) {
      if (id !== RESOLVED) return undefined;
      this.addWatchFile(ENTRY);
      return `export default ${JSON.stringify(await bundledScript(ENTRY))};`;
    },
  };
}
