import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'vite';

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
      const result = await build({
        configFile: false,
        logLevel: 'error',
        build: {
          write: false,
          target: 'es2022',
          lib: { entry: ENTRY, formats: ['iife'], name: 'sandbox' },
        },
      });
      const outputs = Array.isArray(result) ? result : [result];
      const chunk = outputs
        .flatMap((each) => ('output' in each ? each.output : []))
        .find((each) => each.type === 'chunk');
      if (!chunk) throw new Error('The sandbox of policies was not built.');
      return `export default ${JSON.stringify(chunk.code)};`;
    },
  };
}
