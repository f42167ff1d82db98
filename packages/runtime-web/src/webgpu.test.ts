import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeModel } from '@tessera/core/testing/suites';
import type { Manifest } from '@tessera/format';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser, openBrowser } from '../../../tests/support/browser.js';
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

  const checked = { folder: '/small/', build: 'webgpu', threads: 1 } as const;
  const small = { ...checked, verify: false };
  const picture = { seed: 7, classLabel: 3, steps: 4, diffusionSteps: 4 };

  describeModel('a small model', async () => page.remote(await page.load({ ...small, device: 'webgpu' })), {
    inputs: [{ classLabel: 0 }, { classLabel: 1 }],
    diffusionSteps: 3,
    tolerance: 1e-3,
    timeout: 300_000,
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

  it('takes a real adapter for "auto" that gets the recorded sample right', async () => {
    const model = await page.load({ ...checked, changes: 'hardware' });
    expect(model).toMatchObject({ device: 'webgpu', fallbacks: [] });
    await page.dispose(model);
  });

  it('is not taken where it gets the recorded sample wrong: "auto" passes it over, by name it is refused', async () => {
    await recordWrongSample();
    const reason = /it computes this model wrong: z off by 0\.10 where 0\.002 is allowed\./;
    const passedOver = await page.load({ ...checked, changes: 'hardware' });
    expect(passedOver).toMatchObject({
      device: 'wasm',
      fallbacks: [{ device: 'webgpu', reason: expect.stringMatching(reason) }],
    });
    await page.dispose(passedOver);
    const { code, message } = await page.failure({ ...checked, device: 'webgpu' });
    expect(code).toBe('device-unavailable');
    expect(message).toMatch(reason);
    expect(message).toMatch(/Use device "auto"/);
    const unchecked = await page.load({ ...small, device: 'webgpu' });
    expect(unchecked.device).toBe('webgpu');
    await page.dispose(unchecked);
    server.meddle = () => undefined;
  });

  it('is checked once, and again when the model changes', async () => {
    const visitor = await openPage(browser, server);
    const sampled = async () => {
      const model = await visitor.load({ ...checked, device: 'webgpu' });
      const { denoise } = await visitor.remote(model).runStatistics();
      await visitor.dispose(model);
      return denoise?.runs ?? 0;
    };
    expect(await sampled()).toBeGreaterThan(10);
    expect(await sampled()).toBe(0);
    await recordWrongSample();
    expect(await visitor.failure({ ...checked, device: 'webgpu' })).toMatchObject({
      code: 'device-unavailable',
    });
    server.meddle = () => undefined;
    await visitor.close();
  });

  /** Has the server give a sample out that no device can reproduce. */
  async function recordWrongSample(): Promise<void> {
    const read = async (name: string) => JSON.parse(await readFile(join(folder, 'small', name), 'utf8'));
    const sample = (await read('parity.json')) as { z: number[] };
    sample.z[5]! += 0.1;
    const changed = JSON.stringify(sample);
    const manifest = (await read('mar.json')) as Manifest;
    const sha256 = createHash('sha256').update(changed).digest('hex');
    const files = manifest.files.map((file) =>
      file.path === 'parity.json' ? { ...file, bytes: Buffer.byteLength(changed), sha256 } : file,
    );
    server.meddle = (asked) => {
      if (asked === '/small/parity.json') return { body: changed };
      return asked === '/small/mar.json' ? { body: JSON.stringify({ ...manifest, files }) } : undefined;
    };
  }

  it("gives the embedded model's recorded reference sample", async () => {
    const model = await page.load({ ...checked, folder: '/model/', changes: 'hardware' });
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
