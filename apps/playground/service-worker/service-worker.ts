// Keeps the page for visits without a network, and gives it the headers that threads need where its host can't.

declare const self: ServiceWorkerGlobalScope;

export type {};

/** Filled in by the build: addresses relative to this file. */
declare const __FILES__: readonly string[];
declare const __VERSION__: string;

const PAGE = `tessera-page-${__VERSION__}`;
/** Large files whose name says their content, such as ONNX Runtime's: kept when they are used. */
const LARGE = 'tessera-large';

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(PAGE)
      .then((cache) => cache.addAll(__FILES__.map((file) => new Request(file, { cache: 'reload' }))))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => names.filter((name) => name.startsWith('tessera-page-') && name !== PAGE))
      .then((old) => Promise.all(old.map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

/** The page names large files that it loaded before this worker was there. */
self.addEventListener('message', (event) => {
  const { keep } = event.data as { keep?: readonly string[] };
  if (keep) event.waitUntil(keepLarge(keep));
});

async function keepLarge(urls: readonly string[]): Promise<void> {
  const cache = await caches.open(LARGE);
  const kept = await cache.keys();
  const current = new Set(urls.map((url) => new URL(url, self.location.href).href));
  for (const url of current) {
    if (kept.some((request) => request.url === url)) continue;
    // A full disk is no reason to fail: the file is fetched again next time.
    await cache.add(url).catch(() => undefined);
  }
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
  const kept = await caches.match(key);
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
