import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeModel } from '@tessera/core/testing/suites';
import type { Manifest } from '@tessera/format';
import { beforeAll, expect, it } from 'vitest';
import { describeTestPage } from './testing/host/describe-test-page.js';
import type { TestPage } from './testing/host/test-page.js';

// In software a step of the embedded model takes seconds. That its recorded sample comes out right is tested with the
// playground; here it is that of the tiny model.
describeTestPage('in a browser, on WebGPU', { compilesOnce: true }, (site) => {
  let page: TestPage;
  beforeAll(async () => {
    page = await site.open();
  });

  const checked = { folder: '/tiny/', build: 'webgpu', threads: 1 } as const;
  const unverified = { ...checked, verify: false };
  const picture = { seed: 7, classLabel: 3, steps: 4, diffusionSteps: 4 };

  describeModel(
    'a tiny model',
    async () => page.remote(await page.load({ ...unverified, device: 'webgpu' })),
    {
      inputs: [{ classLabel: 0 }, { classLabel: 1 }],
      diffusionSteps: 3,
      tolerance: 1e-3,
      timeout: 300_000,
    },
  );

  // Models of this page were disposed of before.
  it('is loaded again after the GPU was lost, to go on from the last step', async () => {
    const first = await page.load({ ...unverified, device: 'webgpu' });
    expect(first.device).toBe('webgpu');
    const broken = await page.draw(first, { ...picture, loseAfterStep: 2 });
    expect(broken.failure).toMatchObject({ code: 'device-lost', name: 'DeviceLostError' });
    expect(broken.plan).toHaveLength(2);
    const later = await page.draw(first, picture);
    expect(later.failure).toMatchObject({ code: 'device-lost' });
    await page.dispose(first);

    // What the adapter lacks keeps nobody from a picture.
    const second = await page.load({ ...unverified, device: 'webgpu', precision: 'fp16' });
    const { available, reason } = (await page.probe()).webgpu.f16;
    expect(second).toMatchObject({ precision: available ? 'fp16' : 'fp32', precisionReason: reason });
    const start = { tokens: broken.tokens, known: broken.known };
    const whole = await page.draw(second, { ...picture, start });
    await page.dispose(second);
    expect(whole.failure).toBeUndefined();
    expect(whole.known.every((known) => known === 1)).toBe(true);
    const channels = whole.tokens.length / whole.known.length;
    for (const [position, known] of broken.known.entries()) {
      const tokens = (all: Float32Array) => all.slice(position * channels, (position + 1) * channels);
      if (known) expect(tokens(whole.tokens)).toEqual(tokens(broken.tokens));
    }
  });

  it('passes a software adapter over where the device is "auto", and says so', async () => {
    const model = await page.load({ ...unverified, precision: 'fp16' });
    expect(model).toMatchObject({
      device: 'wasm',
      precision: 'fp32',
      precisionReason: 'WebAssembly computes in fp32.',
    });
    expect(model.fallbacks).toEqual([
      { device: 'webgpu', reason: expect.stringMatching(/computed by the processor/) },
    ]);
    await page.dispose(model);
  });

  it('takes a real adapter for "auto" that gets the recorded sample right, which is checked once', async () => {
    const visitor = await site.open();
    for (const runs of [7, 0]) {
      const model = await visitor.load({ ...checked, changes: 'hardware' });
      expect(model).toMatchObject({ device: 'webgpu', fallbacks: [] });
      const { denoise } = await visitor.remote(model).runStatistics();
      await visitor.dispose(model);
      if (runs > 0) expect(denoise!.runs).toBeGreaterThan(runs);
      else expect(denoise).toBeUndefined();
    }

    // It is checked again when the model changes: one that gets it wrong is passed over, and refused by name.
    await recordWrongSample();
    const reason = /it computes this model wrong: z off by 0\.10 where 0\.002 is allowed\./;
    const passedOver = await visitor.load({ ...checked, changes: 'hardware' });
    expect(passedOver).toMatchObject({
      device: 'wasm',
      fallbacks: [{ device: 'webgpu', reason: expect.stringMatching(reason) }],
    });
    await visitor.dispose(passedOver);
    const { code, message } = await visitor.failure({ ...checked, device: 'webgpu' });
    expect(code).toBe('device-unavailable');
    expect(message).toMatch(reason);
    expect(message).toMatch(/Use device "auto"/);
    const unchecked = await visitor.load({ ...unverified, device: 'webgpu' });
    expect(unchecked.device).toBe('webgpu');
    site.server.meddle = () => undefined;
    await visitor.close();
  });

  /** Has the server give a sample out that no device can reproduce. */
  async function recordWrongSample(): Promise<void> {
    const read = async (name: string) => JSON.parse(await readFile(join(site.tinyModel, name), 'utf8'));
    const sample = (await read('parity.json')) as { z: number[] };
    sample.z[5]! += 0.1;
    const changed = JSON.stringify(sample);
    const manifest = (await read('mar.json')) as Manifest;
    const sha256 = createHash('sha256').update(changed).digest('hex');
    const files = manifest.files.map((file) =>
      file.path === 'parity.json' ? { ...file, bytes: Buffer.byteLength(changed), sha256 } : file,
    );
    site.server.meddle = (asked) => {
      if (asked === '/tiny/parity.json') return { body: changed };
      return asked === '/tiny/mar.json' ? { body: JSON.stringify({ ...manifest, files }) } : undefined;
    };
  }

  it('is described by probe, which gives a reason for all that is not available, and only for that', async () => {
    const { webgpu, threads, crossOriginIsolated } = await page.probe();
    expect(webgpu.available).toBe(true);
    expect(webgpu.adapter).toMatch(/\w/);
    // SwiftShader has no half precision; an adapter that has it gives no reason.
    expect(webgpu.f16.reason === undefined).toBe(webgpu.f16.available);
    expect(threads.count).toBeGreaterThan(0);
    expect(crossOriginIsolated).toEqual({ available: true });
  });
});
