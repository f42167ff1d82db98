// Takes the pictures of docs/playground from the built site: `vite build` first.
//   node scripts/take-screenshots.mjs [view…] [light] [dark] [phone]
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { preview } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = fileURLToPath(new URL('../../../docs/playground/', import.meta.url));
const wanted = process.argv.slice(2);
const query = 'prompt=a+burger+on+a+blue+background&seed=3';

/** Each view brought to the state that its picture shows. */
const VIEWS = {
  async generate(page) {
    await page.getByText('head evaluations').waitFor();
    await page.getByLabel('Token grid').check();
    const slider = page.getByLabel('Step of the picture’s making');
    await slider.focus();
    for (let i = 0; i < 3; i++) await page.keyboard.press('ArrowLeft');
    await slider.blur();
    await page.evaluate('scrollTo(0, 0)');
  },
  async compare(page) {
    await page.getByRole('button', { name: /^Race/ }).click();
    await page.getByText('The race is over').waitFor({ timeout: 180_000 });
  },
  async edit(page) {
    await page.getByText('head evaluations').waitFor();
    await page.getByRole('link', { name: 'Edit', exact: true }).click();
    await page.getByLabel('Brush').fill('4');
    await page.evaluate('scrollTo(0, 0)');
    const { x, y, width } = await page.getByRole('application').boundingBox();
    await page.mouse.move(x + width * 0.3, y + width * 0.3);
    await page.mouse.down();
    for (const [dx, dy] of [
      [0.75, 0.3],
      [0.75, 0.48],
      [0.3, 0.48],
    ])
      await page.mouse.move(x + width * dx, y + width * dy, { steps: 8 });
    await page.mouse.up();
    await page.getByLabel('Seed', { exact: true }).fill('12');
    await page.getByRole('button', { name: 'Renew what is painted' }).click();
    await page.getByText('byte for byte').waitFor();
  },
  async policy(page) {
    await page.getByRole('button', { name: 'From the centre outwards' }).click();
    await page.getByRole('button', { name: 'Run' }).click();
    await page.getByText('The race is over').waitFor({ timeout: 180_000 });
  },
  async code() {},
};

const STYLES = [
  { name: 'light', size: { width: 1280, height: 860 }, colorScheme: 'light' },
  { name: 'dark', size: { width: 1280, height: 860 }, colorScheme: 'dark' },
  { name: 'phone', size: { width: 390, height: 844 }, colorScheme: 'light', isMobile: true },
  { name: 'phone-dark', size: { width: 390, height: 844 }, colorScheme: 'dark', isMobile: true },
];

await mkdir(folder, { recursive: true });
const outDir = process.env.SITE ?? 'dist';
const server = await preview({ root, build: { outDir }, preview: { port: 0 }, logLevel: 'error' });
const address = server.resolvedUrls.local[0];
const browser = await chromium.launch({
  executablePath: process.env.TESSERA_BROWSER ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking'],
});
const styles = STYLES.filter(
  ({ name }) => !STYLES.some((each) => wanted.includes(each.name)) || wanted.includes(name),
);
const views = Object.entries(VIEWS).filter(
  ([view]) => !wanted.some((each) => each in VIEWS) || wanted.includes(view),
);
for (const { name, size, ...options } of styles) {
  const context = await browser.newContext({ viewport: size, deviceScaleFactor: 1, ...options });
  for (const [view, prepare] of views) {
    const page = await context.newPage();
    page.setDefaultTimeout(120_000);
    page.on('pageerror', ({ message }) => console.error(`${view}: ${message}`));
    await page.goto(`${address}#${view === 'edit' ? 'generate' : view}?${query}`);
    await prepare(page);
    await page.evaluate(() => document.fonts.ready);
    await page.mouse.move(0, 0);
    // The phone shows what came of it, which is below the code there.
    const results = page.locator('aside .findings');
    if (name.startsWith('phone') && view === 'policy')
      await results.evaluate((each) => each.scrollIntoView());
    else if (view !== 'generate') await page.evaluate('scrollTo(0, 0)');
    await page.waitForTimeout(300);
    await writeFile(`${folder}${view}-${name}.png`, await page.screenshot());
    await page.close();
  }
  await context.close();
}
await browser.close();
await server.close();
