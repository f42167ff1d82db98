/** Where a browser keeps bytes by name. Every call may reject; what can't be kept stays in memory. */
export interface FileStorage {
  read(name: string): Promise<Uint8Array<ArrayBuffer> | undefined>;
  write(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  remove(name: string): Promise<void>;
}

/** The Cache API, which exists on pages served over https or from localhost. Opened when it is first used. */
export function cacheStorage(name = 'tessera-models'): FileStorage {
  let opened: Promise<Cache> | undefined;
  const cache = async (): Promise<Cache> => {
    if (!('caches' in globalThis)) throw new Error('this page was not served over https');
    opened ??= caches.open(name);
    return opened;
  };
  // Entries are keyed by addresses; the top-level domain "invalid" can't be anybody's.
  const key = (file: string): string => `https://files.invalid/${encodeURIComponent(file)}`;
  return {
    async read(file) {
      const response = await (await cache()).match(key(file));
      return response && new Uint8Array(await response.arrayBuffer());
    },
    async write(file, bytes) {
      await (await cache()).put(key(file), new Response(bytes));
    },
    async remove(file) {
      await (await cache()).delete(key(file));
    },
  };
}
