// Keeps the page for visits without a network, and gives it the headers that threads need where its host can't.

declare const self: ServiceWorkerGlobalScope;

export type {};

/** Filled in by the build: addresses relative to this file. */
declare const __FILES__: readonly string[];
declare const __LARGE__: readonly string[];
declare const __VERSION__: string;

const PAGE = `tessera-page-${__VERSION__}`;
/** Large files whose name says their content, such as ONNX Runtime's: kept when they are used. */
const LARGE = 'tessera-large';

// A new version waits until every page of the old one is closed: an open page may still ask for a file of its own, which the
// host may have no longer. Until then each visit and each reload is answered by the old worker, from the old files; the first
// visit after that activates the new one and gets the new page. Where there is no old one, nothing is waited for.
self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(PAGE)
      .then((cache) => cache.addAll(__FILES__.map((file) => new Request(file, { cache: 'reload' })))),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(Promise.all([dropOldPages(), dropOldLarge()]).then(() => self.clients.claim()));
});

async function dropOldPages(): Promise<void> {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith('tessera-page-') && name !== PAGE);
  await Promise.all(old.map((name) => caches.delete(name)));
}

/** Other versions of ONNX Runtime would be kept for ever. */
async function dropOldLarge(): Promise<void> {
  const cache = await caches.open(LARGE);
  const current = addresses(__LARGE__);
  const old = (await cache.keys()).filter(({ url }) => !current.has(url));
  await Promise.all(old.map((request) => cache.delete(request)));
}

/** The page names large files that it loaded before this worker was there. */
self.addEventListener('message', (event) => {
  const { keep } = event.data as { keep?: readonly string[] };
  if (keep) event.waitUntil(keepLarge(keep));
});

async function keepLarge(urls: readonly string[]): Promise<void> {
  const cache = await caches.open(LARGE);
  const kept = await cache.keys();
  for (const url of addresses(urls)) {
    if (kept.some((request) => request.url === url)) continue;
    // A full disk is no reason to fail: the file is fetched again next time.
    await cache.add(url).catch(() => undefined);
  }
}

function addresses(urls: readonly string[]): ReadonlySet<string> {
  return new Set(urls.map((url) => new URL(url, self.location.href).href));
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin || request.headers.has('range')) return;
  // The runtime keeps the model itself, by its hashes.
  if (url.pathname.startsWith(new URL('./model/', self.location.href).pathname)) return;
  event.respondWith(answer(request));
});

async function answer(request: Request): Promise<Response> {
  const key = request.mode === 'navigate' ? new URL('./', self.location.href).href : request.url;
  // Not in any cache: that of a version that waits is there, too.
  const kept =
    (await caches.match(key, { cacheName: PAGE })) ?? (await caches.match(key, { cacheName: LARGE }));
  if (kept) return isolated(kept);
  return isolated(await fetch(request));
}

/** The same response, with the headers of a cross-origin isolated page. */
function isolated(response: Response): Response {
  if (response.type === 'opaque' || response.status === 0) return response;
  const headers = new Headers(response.headers);
  headers.set('cross-origin-opener-policy', 'same-origin');
  headers.set('cross-origin-embedder-policy', 'require-corp');
  headers.set('cross-origin-resource-policy', 'same-origin');
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
