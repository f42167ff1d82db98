import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { MODEL_PATHS, SCENE_NETWORK_PATH } from '../src/model-loading/model-paths.js';
import { bundledScript } from './bundled-script.js';

const ENTRY = fileURLToPath(new URL('../service-worker/service-worker.ts', import.meta.url));

/**
 * Writes the service worker with the list of files that make up the page. The models are kept by the runtime, the network
 * of scenes is fetched where someone asks for it, and of the
 * two builds of ONNX Runtime only the one that is used should be: both are left out, and listed as large files.
 */
export function offline(): Plugin {
  return {
    name: 'offline',
    apply: 'build',
    enforce: 'post',
    async generateBundle(_, bundle) {
      // Fonts of other scripts come when a text needs them.
      const isLeftOut = /-(cyrillic|greek|vietnamese|latin)-ext-|-(cyrillic|greek|vietnamese)-/;
      const isLarge = /\.wasm$|ort-wasm/;
      const isModel = (name: string) =>
        [...Object.values(MODEL_PATHS), SCENE_NETWORK_PATH].some((path) => name.startsWith(path));
      const names = Object.keys(bundle).filter((name) => !isModel(name) && !name.endsWith('.map'));
      const files = names.filter((name) => !isLarge.test(name) && !isLeftOut.test(name));
      const version = createHash('sha256');
      for (const name of files.sort()) {
        const part = bundle[name]!;
        version.update(name).update(part.type === 'chunk' ? part.code : part.source);
      }
      const source = await bundledScript(ENTRY, {
        __FILES__: JSON.stringify(['./', ...files.filter((name) => name !== 'index.html')]),
        __LARGE__: JSON.stringify(names.filter((name) => isLarge.test(name)).sort()),
        __VERSION__: JSON.stringify(version.digest('hex').slice(0, 12)),
      });
      this.emitFile({ type: 'asset', fileName: 'service-worker.js', source });
    },
  };
}
