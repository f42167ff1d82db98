// Times how long after a visit begins the first picture is there, on WebAssembly, with all files in the browser:
// prints each visit, the median and the spread. The site has to be built: `vite build` first.
//   node scripts/measure-first-picture.mjs [visits] [dev]      dev: of the development server instead
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { createServer, preview } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const [, , ...given] = process.argv;
const visits = Number(given.find((each) => /^\d+$/.test(each)) ?? 7);
const dev = given.includes('dev');

const server = dev
  ? await (await createServer({ root, server: { port: 0 }, logLevel: 'error' })).listen()
  : await preview({ root, preview: { port: 0 }, logLevel: 'error' });
const address = server.resolvedUrls.local[0];
const browser = await chromium.launch({
  executablePath: process.env.TESSERA_BROWSER ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking'],
});
const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
await context.addInitScript(() => {
  if (self === top) localStorage.setItem('tessera-device', 'wasm');
});

/** Milliseconds from the visit's begin to the finished picture, and what was fetched for it over the network. */
async function visit() {
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  await page.goto(address);
  const drawn = await page.waitForFunction(
    () => document.body.textContent.includes('head evaluations') && performance.now(),
    undefined,
    { polling: 'raf' },
  );
  const milliseconds = await drawn.jsonValue();
  // The service worker and the large files that it keeps come after the first picture.
  if (!dev) {
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
      while ((await (await caches.open('tessera / large')).keys()).length < 2)
        await new Promise(requestAnimationFrame);
    });
  }
  await page.close();
  return milliseconds;
}

const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(2)} s`;
console.log(`${dev ? 'Development server' : 'Built site'}, ${availableParallelism()} processors`);
console.log(`files not there yet: ${seconds(await visit())}`);
const times = [];
for (let i = 0; i < visits; i++) {
  times.push(await visit());
  console.log(`visit ${i + 1}: ${seconds(times.at(-1))}`);
}
times.sort((a, b) => a - b);
console.log(
  `median ${seconds(times[visits >> 1])}, from ${seconds(times[0])} to ${seconds(times[visits - 1])}`,
);
await browser.close();
await server.close();
