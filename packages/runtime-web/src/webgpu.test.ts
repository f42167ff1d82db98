import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateImages, randomOrder } from '@tessera/core';
import { describeModel } from '@tessera/core/testing';
import { loadModel } from '@tessera/runtime-node';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser, openBrowser } from './testing/host/browser.js';
import { embeddedModel, writeSmallModel } from './testing/host/model-folders.js';
import { type PageServer, servePage } from './testing/host/page-server.js';
import { openPage, type TestPage } from './testing/host/test-page.js';

// In software a step of the embedded model takes seconds, so all but one test use the smallest model there is.
describeInBrowser('in a browser, on WebGPU', () => {
  let folder: string;
  let browser: Browser;
  let server: PageServer;
  let page: TestPage;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tessera-web-'));
    await writeSmallModel(join(folder, 'small'));
    server = await servePage({ small: join(folder, 'small'), model: embeddedModel });
    browser = await openBrowser();
    page = await openPage(browser, server);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const small = { folder: '/small/', build: 'webgpu', threads: 1 } as const;
  const picture = { seed: 7, classLabel: 3, steps: 4, diffusionSteps: 4 };

  describeModel('a small model', async () => page.remote(await page.load({ ...small, device: 'webgpu' })), {
    inputs: [{ classLabel: 0 }, { classLabel: 1 }],
    diffusionSteps: 3,
    tolerance: 1e-3,
  });

  it('draws what Node draws, from the empty grid on, but for rounding', async () => {
    const model = await page.load({ ...small, device: 'webgpu' });
    const drawn = await page.draw(model, picture);
    await page.dispose(model);
    const near = await loadModel(join(folder, 'small'), { device: 'cpu' });
    const [expected] = await generateImages({
      model: near,
      policy: randomOrder(picture),
      images: [{ seed: 7, input: { classLabel: 3 } }],
    });
    await near.dispose();
    expect(drawn.plan).toEqual(expected!.steps.map(({ plan }) => [...plan.positions]));
    const scale = Math.max(...expected!.grid.tokens.map(Math.abs));
    expect(largestDifference(drawn.tokens, expected!.grid.tokens) / scale).toBeLessThan(1e-3);
    expect(largestDifference(drawn.pixels, expected!.image.data)).toBeLessThanOrEqual(2);
  });

  it('is loaded again and again, each time after the last one was disposed of', async () => {
    for (let time = 0; time < 2; time++) {
      const model = await page.load({ ...small, device: 'webgpu' });
      expect(model.device).toBe('webgpu');
      const { failure } = await page.draw(model, { ...picture, steps: 1, diffusionSteps: 2 });
      expect(failure).toBeUndefined();
      await page.dispose(model);
    }
  });

  it('says that the GPU was lost, and goes on from the last step when it is loaded again', async () => {
    const first = await page.load({ ...small, device: 'webgpu' });
    const broken = await page.draw(first, { ...picture, loseAfterStep: 2 });
    expect(broken.failure).toMatchObject({ code: 'device-lost', name: 'DeviceLostError' });
    expect(broken.plan).toHaveLength(2);
    const later = await page.draw(first, picture);
    expect(later.failure).toMatchObject({ code: 'device-lost' });
    await page.dispose(first);

    const again = await page.load({ ...small, device: 'webgpu' });
    const start = { tokens: broken.tokens, known: broken.known };
    const whole = await page.draw(again, { ...picture, start });
    await page.dispose(again);
    expect(whole.failure).toBeUndefined();
    expect(whole.known.every((known) => known === 1)).toBe(true);
    const channels = whole.tokens.length / whole.known.length;
    for (const [position, known] of broken.known.entries()) {
      const tokens = (all: Float32Array) => all.slice(position * channels, (position + 1) * channels);
      if (known) expect(tokens(whole.tokens)).toEqual(tokens(broken.tokens));
    }
  });

  it('passes a software adapter over where the device is "auto", and says so', async () => {
    const model = await page.load(small);
    expect(model.device).toBe('wasm');
    expect(model.fallbacks).toEqual([
      { device: 'webgpu', reason: expect.stringMatching(/computed by the processor/) },
    ]);
    await page.dispose(model);
  });

  it('takes a real adapter for "auto" that gets the parity sample right, and no other', async () => {
    const right = await page.load({ ...small, changes: 'hardware' });
    expect(right).toMatchObject({ device: 'webgpu', fallbacks: [] });
    await page.dispose(right);

    const path = join(folder, 'small', 'parity.json');
    const sample = JSON.parse(await readFile(path, 'utf8')) as { z: number[] };
    sample.z[5]! += 0.1;
    const changed = JSON.stringify(sample);
    const manifest = JSON.parse(right.manifest) as {
      files: { path: string; bytes: number; sha256: string }[];
    };
    const file = manifest.files.find((each) => each.path === 'parity.json')!;
    file.bytes = Buffer.byteLength(changed);
    file.sha256 = createHash('sha256').update(changed).digest('hex');
    server.meddle = (asked) => {
      if (asked === '/small/parity.json') return { body: changed };
      return asked === '/small/mar.json' ? { body: JSON.stringify(manifest) } : undefined;
    };
    const wrong = await page.load({ ...small, changes: 'hardware' });
    server.meddle = () => undefined;
    expect(wrong).toMatchObject({
      device: 'wasm',
      fallbacks: [{ device: 'webgpu', reason: expect.stringMatching(/parity sample/) }],
    });
    await page.dispose(wrong);
  });

  it("gives the embedded model's recorded parity sample", { timeout: 240_000 }, async () => {
    const model = await page.load({ ...small, folder: '/model/', changes: 'hardware' });
    expect(model).toMatchObject({ device: 'webgpu', fallbacks: [] });
    await page.dispose(model);
  });

  it('is told from WebAssembly by probe, which says what lacks', async () => {
    const { webgpu, threads, crossOriginIsolated } = await page.probe();
    expect(webgpu.available).toBe(true);
    expect(webgpu.adapter).toMatch(/\w/);
    expect(webgpu.f16.available ? '' : webgpu.f16.reason).not.toBeUndefined();
    expect(threads.count).toBeGreaterThan(0);
    expect(crossOriginIsolated).toEqual({ available: true });
  });
});

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a).toHaveLength(b.length);
  return Array.from(a).reduce((largest, value, i) => Math.max(largest, Math.abs(value - b[i]!)), 0);
}
