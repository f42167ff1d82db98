import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modelFolder } from '@tessera/model-tiny';
import type { Plugin } from 'vite';

/** Where the page finds the model, below its own address. */
export const MODEL_PATH = 'model';

/** Serves the embedded model's folder beside the page, and copies it into the built site. */
export function embeddedModel(): Plugin {
  const folder = fileURLToPath(modelFolder);
  return {
    name: 'embedded-model',
    configureServer(server) {
      server.middlewares.use(`/${MODEL_PATH}/`, async (request, response, next) => {
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
    },
    async generateBundle() {
      for (const name of await readdir(folder, { recursive: true })) {
        const path = join(folder, name);
        if (!(await stat(path)).isFile() || name.endsWith('.md')) continue;
        this.emitFile({
          type: 'asset',
          fileName: `${MODEL_PATH}/${name.split(sep).join('/')}`,
          source: await readFile(path),
        });
      }
    },
  };
}
