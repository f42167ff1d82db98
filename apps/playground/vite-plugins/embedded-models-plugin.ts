import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modelFolder } from '@tessera/model-tiny';
import { modelFolder as textModelFolder } from '@tessera/model-tiny-text';
import type { Plugin } from 'vite';
import { MODEL_PATHS } from '../src/model-loading/model-paths.js';

const MODELS = [
  [MODEL_PATHS.class, fileURLToPath(modelFolder)],
  [MODEL_PATHS.text, fileURLToPath(textModelFolder)],
] as const;

/** Serves the embedded models' folders beside the page, and copies them into the built site. */
export function embeddedModels(): Plugin {
  return {
    name: 'embedded-models',
    configureServer(server) {
      for (const [place, folder] of MODELS) {
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
      for (const [place, folder] of MODELS) {
        for (const name of await readdir(folder, { recursive: true })) {
          const path = join(folder, name);
          if (!(await stat(path)).isFile() || name.endsWith('.md')) continue;
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
