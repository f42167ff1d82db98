import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sceneNetworkFolder } from '@tessera/evaluate/scene-network';
import { modelFolder } from '@tessera/model-tiny';
import { modelFolder as textModelFolder } from '@tessera/model-tiny-text';
import type { Plugin } from 'vite';
import { MODEL_PATHS, SCENE_NETWORK_PATH } from '../src/model-loading/model-paths.js';

const FOLDERS = [
  [MODEL_PATHS.class, fileURLToPath(modelFolder)],
  [MODEL_PATHS.text, fileURLToPath(textModelFolder)],
  [SCENE_NETWORK_PATH, fileURLToPath(sceneNetworkFolder)],
] as const;

/** What of them a page has a use for: not the code that says where they lie, nor what only evaluations read. */
const isServed = (name: string): boolean => !/\.(md|js|ts)$|^(reference\.bin|prompts\.json)$/.test(name);

/** Serves the folders of the embedded models and of the network of scenes beside the page, and copies them into the built site. */
export function embeddedModels(): Plugin {
  return {
    name: 'embedded-models',
    configureServer(server) {
      for (const [place, folder] of FOLDERS) {
        server.middlewares.use(`/${place}`, async (request, response, next) => {
          const path = normalize(join(folder, decodeURIComponent((request.url ?? '').split('?')[0]!)));
          const found = path.startsWith(folder.replace(/[/\\]?$/, sep))
            ? await stat(path).catch(() => undefined)
            : undefined;
          if (!found?.isFile()) return next();
          response.setHeader(
            'content-type',
            path.endsWith('.json') ? 'application/json' : 'application/octet-stream',
          );
          response.setHeader('content-length', found.size);
          createReadStream(path).pipe(response);
        });
      }
    },
    async generateBundle() {
      for (const [place, folder] of FOLDERS) {
        for (const name of await readdir(folder, { recursive: true })) {
          const path = join(folder, name);
          if (!(await stat(path)).isFile() || !isServed(name)) continue;
          this.emitFile({
            type: 'asset',
            fileName: place + name.split(sep).join('/'),
            source: await readFile(path),
          });
        }
      }
    },
  };
}
