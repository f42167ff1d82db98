import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a test does to an answer: replaces it, cuts it off after some bytes, or has the connection refused. */
export interface Meddling {
  readonly body?: Uint8Array | string;
  readonly type?: string;
  readonly change?: (body: Uint8Array) => Uint8Array;
  readonly cutAt?: number;
  readonly ignoreRange?: boolean;
  readonly refuse?: boolean;
}

export interface PageServer {
  /** With a slash at its end. */
  readonly address: string;
  /** Requests since it was last emptied. */
  readonly requests: { readonly path: string; readonly range: string | undefined }[];
  /** Changes answers from now on. */
  meddle: (path: string) => Meddling | undefined;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

/**
 * Serves the bundled test page and its workers, ONNX Runtime's files at `/ort/` and the given folders.
 *
 * @param folders path under the root → folder on the disk
 * @param isolated whether the headers of cross-origin isolation are sent
 */
export async function servePage(
  bundles: string,
  folders: Readonly<Record<string, string>>,
  isolated: boolean,
): Promise<PageServer> {
  const runtime = dirname(fileURLToPath(import.meta.resolve('onnxruntime-web/wasm')));
  const headers = isolated
    ? { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }
    : {};
  const page: Omit<PageServer, 'address' | 'close'> = { requests: [], meddle: () => undefined };

  async function content(path: string): Promise<Uint8Array | undefined> {
    if (path === '/') return Buffer.from('<!doctype html><script type="module" src="/page.js"></script>');
    const [, first, ...rest] = path.split('/');
    const folder = first === 'ort' ? runtime : folders[first!];
    const file = folder ? join(folder, ...rest) : join(bundles, path);
    return readFile(file).catch(() => undefined);
  }

  const server = createServer(async (request, response) => {
    const path = new URL(request.url!, 'http://localhost').pathname;
    const { range } = request.headers;
    page.requests.push({ path, range });
    const change = page.meddle(path) ?? {};
    if (change.refuse) return response.destroy();
    const found = change.body === undefined ? await content(path) : Buffer.from(change.body);
    if (!found) return response.writeHead(404, headers).end();
    const body = change.change?.(found) ?? found;
    const from = change.ignoreRange ? 0 : Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
    response.writeHead(from > 0 ? 206 : 200, {
      ...headers,
      'content-type': change.type ?? TYPES[extname(path) || '.html'] ?? 'application/octet-stream',
      'content-length': body.length - from,
      'cache-control': 'no-store',
    });
    if (change.cutAt === undefined) return response.end(body.subarray(from));
    return response.write(body.subarray(from, change.cutAt), () => setTimeout(() => response.destroy(), 50));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(page, {
    address: `http://localhost:${port}/`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
