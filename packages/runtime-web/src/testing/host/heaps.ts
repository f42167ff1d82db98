import type { Page } from 'playwright-core';

/** Bytes that a thread has in use after its garbage was collected. */
export interface Heap {
  /** JavaScript's objects, compiled code among them. */
  readonly objects: number;
  /** Contents of array buffers. */
  readonly arrays: number;
  /** WebAssembly's memories, as far as a thread tells by a function `wasmBytes`. */
  readonly wasm: number;
}

/** A page and its workers, as the developer tools see them. */
export interface Heaps {
  page(): Promise<Heap>;
  /** Of the one worker that there is. */
  worker(): Promise<Heap>;
  /** What an expression gives there. */
  inWorker<T>(expression: string): Promise<T>;
}

type Answer = Readonly<Record<string, unknown>>;
type Send = (method: string, given?: object) => Promise<Answer>;

/** Watches the workers that `page` starts from now on. */
export async function watchHeaps(page: Page): Promise<Heaps> {
  const session = await page.context().newCDPSession(page);
  const sendToPage = session.send.bind(session) as unknown as Send;
  const workers = new Map<string, Send>();
  const waiting = new Map<number, (answer: Answer) => void>();
  session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
    if (targetInfo.type !== 'worker') return;
    workers.set(sessionId, async (method, params = {}) => {
      const id = waiting.size;
      const answer = new Promise<Answer>((resolve) => waiting.set(id, resolve));
      const message = JSON.stringify({ id, method, params });
      await sendToPage('Target.sendMessageToTarget', { sessionId, message });
      return answer;
    });
  });
  session.on('Target.detachedFromTarget', ({ sessionId }) => workers.delete(sessionId));
  session.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { id, result } = JSON.parse(message) as { id?: number; result: Answer };
    if (id !== undefined) waiting.get(id)?.(result);
  });
  // Not flat: Playwright would take messages of sessions that it did not make for its own.
  const attach = { autoAttach: true, waitForDebuggerOnStart: false, flatten: false };
  await session.send('Target.setAutoAttach', attach);
  const onlyOne = (): Send => {
    const [only, ...others] = workers.values();
    if (!only || others.length > 0) throw new Error(`There are ${workers.size} workers, not one.`);
    return only;
  };
  return {
    page: () => heapOf(sendToPage),
    worker: async () => heapOf(onlyOne()),
    inWorker: async <T>(expression: string) => evaluated<T>(onlyOne(), expression),
  };
}

async function heapOf(send: Send): Promise<Heap> {
  await send('HeapProfiler.enable');
  // What a first collection frees may have held what a second one can free.
  for (let time = 0; time < 3; time++) await send('HeapProfiler.collectGarbage');
  const { usedSize, backingStorageSize } = await send('Runtime.getHeapUsage');
  const wasm = await evaluated<number>(send, 'globalThis.wasmBytes?.() ?? 0');
  return { objects: Number(usedSize), arrays: Number(backingStorageSize), wasm };
}

async function evaluated<T>(send: Send, expression: string): Promise<T> {
  const { result } = (await send('Runtime.evaluate', { expression, returnByValue: true })) as {
    readonly result: { readonly value: T };
  };
  return result.value;
}
