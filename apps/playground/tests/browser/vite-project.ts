import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { modelFolder } from '@tessera/model-tiny';
import { createServer } from 'vite';
import type { Site } from './built-site.js';

/** A new Vite project with the given files beside its page, as someone would paste them; no configuration. */
export async function viteProject(
  files: readonly { readonly name: string; readonly code: string }[],
): Promise<Site> {
  // Below this app's node_modules, where the packages that the code imports are installed.
  const folder = await mkdtemp(fileURLToPath(new URL('../../node_modules/.code-export-', import.meta.url)));
  await cp(fileURLToPath(modelFolder), join(folder, 'public/model'), { recursive: true });
  for (const { name, code } of files) await writeFile(join(folder, name), code);
  await writeFile(join(folder, 'index.html'), '<script type="module" src="./main.js"></script>');
  const server = await createServer({
    root: folder,
    configFile: false,
    logLevel: 'error',
    server: { port: 0 },
  });
  await server.listen();
  return {
    address: server.resolvedUrls!.local[0]!,
    async close() {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
