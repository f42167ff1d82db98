import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GraphSession } from '@tessera/onnx';
import type { InferenceSession, Tensor as OrtTensor, TensorConstructor } from 'onnxruntime-common';
import { Tensor } from 'onnxruntime-node';
import { openBrowser } from '../../../../tests/support/browser.js';

/** Graphs that run in a browser's WebAssembly, called from here. */
export interface WasmSessions {
  /** Opens a graph file, whose weights are inside it. */
  open(path: string): Promise<GraphSession>;
  /** How many runs there were. */
  readonly runs: number;
  close(): Promise<void>;
}

type Value = Pick<OrtTensor, 'type' | 'dims' | 'data'>;
/** What the page has, of `onnxruntime-web/wasm`. */
interface PageScope {
  readonly ort: {
    readonly InferenceSession: {
      create(url: string, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
    };
    readonly Tensor: TensorConstructor;
  };
  readonly sessions: InferenceSession[];
}

const PAGE = `<!doctype html><script type="module">
  import * as ort from '/ort/ort.wasm.min.mjs';
  ort.env.wasm.wasmPaths = '/ort/';
  ort.env.wasm.numThreads = 1;
  Object.assign(globalThis, { ort, sessions: [] });
</script>`;
const TYPES: Readonly<Record<string, string>> = {
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Starts a page with ONNX Runtime's WebAssembly build in the browser of the run. */
export async function openWasmSessions(): Promise<WasmSessions> {
  const runtime = dirname(fileURLToPath(import.meta.resolve('onnxruntime-web/wasm')));
  const graphs: string[] = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url!, 'http://localhost');
    if (pathname === '/') return response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
    const name = basename(pathname);
    const path = pathname.startsWith('/ort/') ? join(runtime, name) : graphs[Number(name)];
    const body = path && (await readFile(path).catch(() => undefined));
    if (!body) return response.writeHead(404).end();
    const type = TYPES[extname(name)] ?? 'application/octet-stream';
    return response.writeHead(200, { 'content-type': type }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await openBrowser();
  const page = await browser.newPage();
  await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
  await page.waitForFunction(() => 'sessions' in globalThis);
  let runs = 0;
  return {
    get runs() {
      return runs;
    },
    async open(path) {
      const id = graphs.push(path) - 1;
      await page.evaluate(async (index) => {
        const { ort, sessions } = globalThis as unknown as PageScope;
        const options = { executionProviders: ['wasm'], logSeverityLevel: 4 } as const;
        sessions[index] = await ort.InferenceSession.create(`/graph/${index}`, options);
      }, id);
      return {
        async run(feeds, names) {
          runs++;
          const given = Object.entries(feeds).map(([name, { type, dims, data }]: [string, Value]) => ({
            ...{ name, type, dims, data },
          }));
          const outputs = await page.evaluate(
            async ({ id: index, values, wanted }) => {
              const { ort, sessions } = globalThis as unknown as PageScope;
              const tensors = values.map(({ name, type, data, dims }) => [
                name,
                new ort.Tensor(type, data as never, dims),
              ]);
              const made = await sessions[index]!.run(Object.fromEntries(tensors), wanted);
              return Object.entries(made).map(([name, { type, data, dims }]) => ({ name, type, data, dims }));
            },
            { id, values: given, wanted: [...names] },
          );
          return Object.fromEntries(
            outputs.map(({ name, type, data, dims }) => [name, new Tensor(type, data as never, dims)]),
          );
        },
        async release() {
          if (page.isClosed()) return;
          await page.evaluate((index) => (globalThis as unknown as PageScope).sessions[index]!.release(), id);
        },
      };
    },
    async close() {
      await browser.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
