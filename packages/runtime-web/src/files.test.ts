import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeTestPage } from './testing/host/describe-test-page.js';
import type { TestPage } from './testing/host/test-page.js';

describeTestPage('in a browser, model files', { compilesOnce: true }, (site) => {
  let page: TestPage;
  beforeEach(async () => {
    site.server.meddle = () => undefined;
    page = await site.open();
    site.server.requests.length = 0;
  });
  afterEach(() => page.close());

  const small = { folder: '/small', build: 'wasm', threads: 1 } as const;
  const html = { body: '<!doctype html><title>App</title>', type: 'text/html' };
  const asked = () =>
    site.server.requests.map(({ path }) => path).filter((path) => path.startsWith('/small'));

  it('are fetched once, checked, and then taken from the browser', async () => {
    const first = await page.load(small);
    expect(first.cacheError).toBeUndefined();
    expect(asked()).toContain('/small/onnx/transformer.onnx_data');
    site.server.requests.length = 0;
    const second = await page.load(small);
    expect(asked()).toEqual(['/small/mar.json']);
    expect(new Set(second.progress.map(({ phase }) => phase))).toEqual(new Set(['check', 'prepare']));
  });

  it('are counted exactly while they are loaded', async () => {
    const { progress: all, manifest } = await page.load(small);
    const progress = all.filter(({ phase }) => phase !== 'prepare');
    const { files } = JSON.parse(manifest) as { files: { bytes: number }[] };
    const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(new Set(progress.map(({ totalBytes }) => totalBytes))).toEqual(new Set([total]));
    const loaded = progress.map(({ loadedBytes }) => loadedBytes);
    expect(loaded).toEqual(loaded.toSorted((a, b) => a - b));
    expect(progress.at(-1)!.loadedBytes).toBe(total);
    // While sessions are being created the bar is never full.
    expect(all.slice(progress.length).every(({ loadedBytes, totalBytes }) => loadedBytes < totalBytes)).toBe(
      true,
    );
  });

  it('serve without the network once they are there', async () => {
    await page.dispose(await page.load(small));
    site.server.meddle = (path) => (path.startsWith('/small') ? { refuse: true } : undefined);
    const model = await page.load(small);
    const { failure } = await page.draw(model, { seed: 1, classLabel: 1, steps: 2, diffusionSteps: 2 });
    expect(failure).toBeUndefined();
  });

  it('go on where a download broke off', async () => {
    const path = '/small/onnx/transformer.onnx_data';
    site.server.meddle = (each) => (each === path ? { cutAt: 100_000 } : undefined);
    expect(await page.failure(small)).toMatchObject({
      code: 'model-file',
      message: expect.stringMatching(/broke off after \d+ of \d+ bytes\. Load again/),
    });
    site.server.meddle = () => undefined;
    site.server.requests.length = 0;
    const model = await page.load(small);
    expect(site.server.requests.find((each) => each.path === path)?.range).toBe('bytes=100000-');
    expect(asked()).not.toContain('/small/onnx/transformer.onnx');
    expect(model.cacheError).toBeUndefined();
  });

  it('begin again where the server knows no ranges', async () => {
    const path = '/small/onnx/transformer.onnx_data';
    let answers = 0;
    site.server.meddle = (each) => {
      if (each !== path) return undefined;
      return answers++ === 0 ? { cutAt: 100_000 } : { ignoreRange: true };
    };
    expect((await page.load(small)).cacheError).toBeUndefined();
    expect(answers).toBe(2);
  });

  it('are refused, and not kept, if their hash is wrong', async () => {
    const path = '/small/onnx/embed.onnx';
    site.server.meddle = (each) => (each === path ? { change: (body) => body.fill(1) } : undefined);
    expect(await page.failure(small)).toMatchObject({
      code: 'model-file',
      message: expect.stringMatching(/embed\.onnx: its SHA-256/),
    });
    site.server.meddle = () => undefined;
    await page.load(small);
  });

  it('are held in memory where the disk is full, and the model says so', async () => {
    const model = await page.load({ ...small, changes: 'full' });
    expect(model.cacheError).toMatch(/no room left/);
    const { failure } = await page.draw(model, { seed: 1, classLabel: 1, steps: 2, diffusionSteps: 2 });
    expect(failure).toBeUndefined();
  });

  it.each([
    ['the manifest', '/small/mar.json', 'manifest', /HTML page.*index page/s],
    ['a graph', '/small/onnx/embed.onnx', 'model-file', /embed\.onnx: this is an HTML page.*public\//],
    [
      'the wasm',
      '/ort/ort-wasm-simd-threaded.wasm',
      'runtime-file',
      /\.wasm: this is an HTML page.*wasmPaths/,
    ],
    [
      "the runtime's script",
      '/ort/ort-wasm-simd-threaded.mjs',
      'runtime-file',
      /\.mjs: this is an HTML page/,
    ],
  ])('are told from an HTML page in the place of %s', async (_, path, code, message) => {
    site.server.meddle = (each) => (each === path ? html : undefined);
    expect(await page.failure(small)).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('are named where the server does not have them', async () => {
    expect(await page.failure({ ...small, folder: '/nowhere/' })).toMatchObject({
      code: 'model-file',
      message: expect.stringMatching(/nowhere\/mar\.json: the server answered 404/),
    });
  });

  it('are no longer waited for once loading is stopped', async () => {
    expect(await page.failure({ ...small, abortAfter: 1 })).toMatchObject({ message: 'enough' });
  });

  it('are not all: a worker that is missing is named too', async () => {
    expect(await page.failure({ ...small, workerAddress: '/missing.js' })).toMatchObject({
      code: 'worker-ended',
      message: expect.stringMatching(/script is missing/),
    });
  });
});

describeTestPage('in a browser, loading', { compilesOnce: true }, ({ open }) => {
  const small = { folder: 'small/', build: 'wasm' } as const;

  it('takes one thread where the page is not isolated, and probe says why', async () => {
    const page = await open(false);
    expect((await page.load({ ...small, threads: 2 })).threads).toBe(1);
    const { threads, crossOriginIsolated } = await page.probe();
    expect(threads).toEqual({ count: 1, reason: expect.stringMatching(/isolated/) });
    expect(crossOriginIsolated.reason).toMatch(/Cross-Origin-Opener-Policy/);
  });

  it('takes one thread without wasmPaths, refuses more, and names them where its files are not found', async () => {
    const page = await open();
    expect(await page.failure({ ...small, wasmPaths: 'none' })).toMatchObject({
      code: 'runtime-file',
      message: expect.stringMatching(/Give wasmPaths/),
    });
    expect(await page.failure({ ...small, threads: 2, wasmPaths: 'none' })).toMatchObject({
      code: 'invalid-option',
      message: expect.stringMatching(/wasmPaths/),
    });
  });

  it('takes the module of ONNX Runtime that a worker of one’s own gives', async () => {
    const page = await open();
    const model = await page.load({ ...small, workerAddress: '/worker-own.js', device: 'wasm', threads: 1 });
    const { failure } = await page.draw(model, { seed: 1, classLabel: 1, steps: 2, diffusionSteps: 2 });
    expect(failure).toBeUndefined();
    expect(await page.failure({ ...small, workerAddress: '/worker-own.js', device: 'webgpu' })).toMatchObject(
      {
        code: 'device-unavailable',
      },
    );
  });

  it('refuses a device that there is not in the build, and values that make no sense', async () => {
    const page = await open();
    expect(await page.failure({ ...small, device: 'webgpu' })).toMatchObject({
      code: 'device-unavailable',
      message: expect.stringMatching(/@tessera\/runtime-web\/webgpu/),
    });
    const none = 'cuda' as 'wasm';
    expect(await page.failure({ ...small, device: none })).toMatchObject({ code: 'invalid-option' });
    expect(await page.failure({ ...small, threads: 0 })).toMatchObject({ code: 'invalid-option' });
    expect(await page.failure({ ...small, dtype: 'fp32' })).toMatchObject({
      code: 'invalid-option',
      message: expect.stringMatching(/stored as fp16/),
    });
  });
});
