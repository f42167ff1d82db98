// Keeps the page for visits without a network, and gives it the headers that threads need where its host can't.

declare const self: ServiceWorkerGlobalScope;

export type {};

/** Filled in by the build: addresses relative to this file. */
declare const __FILES__: readonly string[];
declare const __LARGE__: readonly string[];
declare const __VERSION__: string;

const HOME = new URL('./', self.location.href);
/**
 * Other pages of the host have caches too, this one in another folder maybe. No path holds a space, so that a cache of a
 * folder below this one begins otherwise.
 */
const PREFIX = `tessera ${HOME.pathname} `;
const PAGE = `${PREFIX}page ${__VERSION__}`;
/** Large files whose name says their content, such as ONNX Runtime's: kept when they are used. */
const LARGE = `${PREFIX}large`;

const LARGE_FILES = addresses(__LARGE__);
/** All that this worker answers. The runtime keeps the model itself, by its hashes. */
const FILES = new Set([...addresses(__FILES__), ...LARGE_FILES]);
const INDEX = new URL('index.html', HOME).href;

// A new version waits as long as several pages are open: they may still ask for files of their own, which the host may have
// no longer, and are answered by the old worker, from the old files. A page that is opened or loaded again as the only one
// asks for the new version. Where there is no old one, nothing is waited for.
self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(PAGE)
      .then((cache) =>
        Promise.all(__FILES__.map((file) => keep(cache, new Request(file, { cache: 'reload' })))),
      ),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(Promise.all([dropOldPages(), dropOldLarge()]).then(() => self.clients.claim()));
});

async function dropOldPages(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(`${PREFIX}page `) && name !== PAGE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** Other versions of ONNX Runtime would be kept for ever. */
async function dropOldLarge(): Promise<void> {
  const cache = await caches.open(LARGE);
  const old = (await cache.keys()).filter(({ url }) => !LARGE_FILES.has(url));
  await Promise.all(old.map((request) => cache.delete(request)));
}

/** What a reload replaces may count for a moment more, so that pages are counted more than once. */
const LOOKS = 6;

/** What a page asks for. */
interface Wish {
  /** Large files that it loaded before this worker was there. */
  readonly keep?: readonly string[];
  /** That this worker takes over, if it can before this time; where it does not, it answers by the port that is sent along. */
  readonly takeOverUntil?: number;
}

self.addEventListener('message', (event) => {
  const { keep, takeOverUntil } = event.data as Wish;
  if (keep) event.waitUntil(keepLarge(keep));
  if (takeOverUntil) event.waitUntil(takeOver(takeOverUntil, event.ports[0]!));
});

async function takeOver(until: number, answer: MessagePort): Promise<void> {
  for (let look = 1; look <= LOOKS && Date.now() < until; look++) {
    if ((await openPages()) === 1) return self.skipWaiting();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  answer.postMessage('no');
}

async function openPages(): Promise<number> {
  const windows = await self.clients.matchAll({ type: 'window', includeUncontrolled: true });
  return windows.filter(({ url }) => isPage(url)).length;
}

async function keepLarge(urls: readonly string[]): Promise<void> {
  const cache = await caches.open(LARGE);
  const kept = await cache.keys();
  for (const url of addresses(urls)) {
    if (kept.some((request) => request.url === url)) continue;
    // A full disk is no reason to fail: the file is fetched again next time.
    await keep(cache, new Request(url)).catch(() => undefined);
  }
}

/** Keeps a file as it is answered: a body that had to pass through this worker would end with it, and leave its page loading. */
async function keep(cache: Cache, request: Request): Promise<void> {
  const response = await fetch(request);
  if (!response.ok) throw new TypeError(`${request.url} was answered with ${response.status}.`);
  await cache.put(request, isolated(response));
}

function addresses(files: readonly string[]): ReadonlySet<string> {
  return new Set(files.map((file) => new URL(file, HOME).href));
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const key = keyOf(request);
  if (request.method !== 'GET' || !FILES.has(key) || request.headers.has('range')) return;
  event.respondWith(answer(request, key));
});

/** The file that is asked for: the page is one file, whatever its address says more. */
function keyOf({ mode, url }: Request): string {
  return mode === 'navigate' && isPage(url) ? HOME.href : url;
}

function isPage(url: string): boolean {
  const { origin, pathname } = new URL(url);
  return [HOME.href, INDEX].includes(origin + pathname);
}

async function answer(request: Request, key: string): Promise<Response> {
  // Not in any cache: that of a version that waits is there, too.
  const kept =
    (await caches.match(key, { cacheName: PAGE })) ?? (await caches.match(key, { cacheName: LARGE }));
  return isolated(kept ?? (await fetch(request)));
}

const ISOLATION = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
};

/** The response with the headers of a cross-origin isolated page. */
function isolated(response: Response): Response {
  const missing = Object.entries(ISOLATION).filter(([name, value]) => response.headers.get(name) !== value);
  if (missing.length === 0 || response.type === 'opaque' || response.status === 0) return response;
  const headers = new Headers(response.headers);
  for (const [name, value] of missing) headers.set(name, value);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
