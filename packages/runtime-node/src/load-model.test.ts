import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateImages, randomOrder, TesseraError } from '@tessera/core';
import { emptyGrid, ModelDisposedError } from '@tessera/core/model';
import { modelFolder } from '@tessera/model-tiny';
import { type LoadProgress, loadModel, ModelFileError, probeDevices } from '@tessera/runtime-node';
import { afterEach, describe, expect, it } from 'vitest';

const quick = randomOrder({ steps: 4, diffusionSteps: 5 });
const images = [{ seed: 1, input: { classLabel: 0 } }];
const places: string[] = [];

/** A copy of the embedded model that may be damaged. */
function copy(): string {
  const place = mkdtempSync(join(tmpdir(), 'tessera-model-'));
  places.push(place);
  cpSync(fileURLToPath(modelFolder), place, { recursive: true });
  return place;
}

/** Runs a module in a process of its own. */
function inProcess(body: string) {
  const script = `
    import { generateImages, randomOrder } from '@tessera/core';
    import { modelFolder } from '@tessera/model-tiny';
    import { loadModel } from '@tessera/runtime-node';
    const requests = [{ seed: 1, input: { classLabel: 0 } }];
    ${body}`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    encoding: 'utf8',
    timeout: 50_000,
  });
  return { status, stdout, stderr };
}

afterEach(() => {
  for (const place of places.splice(0)) rmSync(place, { recursive: true });
});

describe('loadModel', () => {
  it('says what it runs on, and what it passed over', async () => {
    const model = await loadModel(modelFolder, { threads: 1 });
    expect(model).toMatchObject({
      dtype: 'fp16',
      threads: 1,
      shape: { height: 16, width: 16, channels: 16 },
    });
    const reports = await probeDevices();
    expect(reports.find(({ device }) => device === model.device)?.available).toBe(true);
    for (const { device, reason } of model.fallbacks) {
      expect(device).not.toBe(model.device);
      expect(reason).toMatch(/\.$/);
    }
    await model.dispose();
  });

  it('computes in fp32 on the CPU, and says so where fp16 was requested', async () => {
    for (const [precision, precisionReason] of [
      ['fp32', undefined],
      ['fp16', 'The CPU computes in fp32.'],
    ] as const) {
      const model = await loadModel(modelFolder, { device: 'cpu', precision });
      expect(model.precision).toBe('fp32');
      expect(model.precisionReason).toBe(precisionReason);
      await model.dispose();
    }
  });

  it('reports each session before it is created, so that a bar is never full while it waits', async () => {
    const reports: LoadProgress[] = [];
    const model = await loadModel(modelFolder, {
      device: 'cpu',
      onProgress: (report) => reports.push(report),
    });
    const graphs = model.manifest.files.filter(({ path }) => path.endsWith('.onnx'));
    const total = graphs.reduce((sum, file) => sum + file.bytes, 0);
    expect(reports.map(({ file }) => file).sort()).toEqual(graphs.map(({ path }) => path).sort());
    expect(reports.every(({ phase, totalBytes }) => phase === 'prepare' && totalBytes === total)).toBe(true);
    const loaded = reports.map(({ loadedBytes }) => loadedBytes);
    expect(loaded).toEqual(loaded.toSorted((a, b) => a - b));
    expect(loaded.at(-1)).toBeLessThan(total);
    await model.dispose();
  });

  it('never falls back from a device that was asked for', async () => {
    for (const { device, available } of await probeDevices()) {
      if (available) continue;
      const failure = await loadModel(modelFolder, { device }).catch((error: unknown) => error);
      expect(TesseraError.isInstance(failure) && failure.code).toBe('device-unavailable');
      expect(failure).toMatchObject({ device, message: expect.stringContaining('auto') });
    }
  });

  it('refuses options that mean nothing', async () => {
    const wrong = (options: object) => loadModel(modelFolder, options).catch((error: unknown) => error);
    expect(await wrong({ device: 'gpu' })).toMatchObject({ code: 'invalid-option', option: 'device' });
    expect(await wrong({ precision: 'half' })).toMatchObject({ code: 'invalid-option', option: 'precision' });
    expect(await wrong({ threads: 0 })).toMatchObject({ code: 'invalid-option', option: 'threads' });
    for (const replicas of [0, 1.5, 3])
      expect(await wrong({ threads: 2, replicas })).toMatchObject({ option: 'replicas' });
    expect(await wrong({ dtype: 'fp32' })).toMatchObject({ code: 'invalid-option', option: 'dtype' });
  });

  it('names a file that is missing, cut off or changed', async () => {
    const load = (folder: string) => loadModel(folder, { device: 'cpu' }).catch((error: unknown) => error);
    expect(await load(join(tmpdir(), 'no-such-model'))).toBeInstanceOf(ModelFileError);
    const missing = copy();
    rmSync(join(missing, 'onnx/decoder.onnx'));
    expect(await load(missing)).toMatchObject({
      code: 'model-file',
      message: expect.stringMatching(/decoder.*missing/),
    });
    const cut = copy();
    writeFileSync(join(cut, 'onnx/decoder.onnx'), 'short');
    expect(await load(cut)).toMatchObject({ message: expect.stringMatching(/decoder.*has 5 bytes/) });
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 9\n`;
    writeFileSync(join(cut, 'onnx/decoder.onnx'), pointer);
    expect(await load(cut)).toMatchObject({ message: expect.stringMatching(/decoder.*Git LFS pointer/) });
    const changed = copy();
    const { bytes } = (
      await import(join(changed, 'mar.json'), { with: { type: 'json' } })
    ).default.files.find((file: { path: string }) => file.path === 'onnx/decoder.onnx');
    writeFileSync(join(changed, 'onnx/decoder.onnx'), Buffer.alloc(bytes));
    expect(await load(changed)).toMatchObject({ message: expect.stringMatching(/decoder.*SHA-256/) });
  });

  it('makes no copies for batches once other files lie in the folder', async () => {
    const folder = copy();
    const model = await loadModel(folder, { device: 'cpu', threads: 2 });
    // A graph that can be loaded, and is another one.
    cpSync(join(folder, 'onnx/encoder.onnx'), join(folder, 'onnx/decoder.onnx'));
    const batch = [1, 2].map((imageIndex) => ({ seed: 1, imageIndex, input: { classLabel: 0 } }));
    const began = performance.now();
    let batches = 0;
    // Copies are loaded after a second, within half a second.
    for (; performance.now() - began < 2500; batches++) {
      const drawn = await generateImages({ model, requests: batch, policy: quick });
      expect(drawn.map(({ image }) => image.width)).toEqual([64, 64]);
    }
    expect((await model.runStatistics()).transformer?.runs).toBe(4 * batches);
    await model.dispose();
  });

  it('stops loading when its signal is aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const loading = loadModel(modelFolder, {
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await expect(loading).rejects.toBe(reason);
    await expect(loadModel(modelFolder, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const soon = new AbortController();
    const begun = loadModel(modelFolder, { signal: soon.signal });
    soon.abort(reason);
    await expect(begun).rejects.toBe(reason);
  });

  it('can be disposed of and loaded again; a call after that is a typed error', async () => {
    for (let round = 0; round < 2; round++) {
      const model = await loadModel(modelFolder, { device: 'cpu' });
      const [drawn] = await generateImages({ model, requests: images, policy: quick });
      expect(drawn!.image).toMatchObject({ width: 64, height: 64 });
      await model.dispose();
      await model.dispose();
      await expect(model.decode([drawn!.grid])).rejects.toBeInstanceOf(ModelDisposedError);
    }
  });

  it('can be disposed of twice at the same time, after the calls under way', async () => {
    const model = await loadModel(modelFolder, { device: 'cpu' });
    const picture = model.decode([emptyGrid(model.shape)]);
    await Promise.all([model.dispose(), model.dispose()]);
    expect(await picture).toHaveLength(1);
  });

  it('lets the process end though nobody disposed of the model', () => {
    const ended = inProcess(`
      const model = await loadModel(modelFolder, { device: 'cpu' });
      const policy = randomOrder({ steps: 2, diffusionSteps: 3 });
      const [drawn] = await generateImages({ model, requests, policy });
      console.log(drawn.image.width);`);
    expect(ended).toEqual({ status: 0, stdout: '64\n', stderr: '' });
  });

  it('stops while sessions are made, and lets the process live', () => {
    const ended = inProcess(`
      for (const delay of [0, 40]) {
        const controller = new AbortController();
        let sessions = 0;
        const onProgress = () => {
          if (++sessions === 2) setTimeout(() => controller.abort(new Error('stopped')), delay);
        };
        const options = { device: 'cpu', signal: controller.signal, onProgress };
        await loadModel(modelFolder, options).then((model) => model.dispose(), () => undefined);
      }
      console.log('alive');`);
    expect(ended).toEqual({ status: 0, stdout: 'alive\n', stderr: '' });
  });

  it('lets the process exit with its own code while a picture is drawn', () => {
    const ended = inProcess(`
      const model = await loadModel(modelFolder, { device: 'cpu' });
      setTimeout(() => process.exit(7), 100);
      await generateImages({ model, requests, policy: randomOrder() });`);
    expect(ended).toEqual({ status: 7, stdout: '', stderr: '' });
  });

  it('listens once for the end of the process, however many models there are', async () => {
    const before = process.listenerCount('exit');
    const models = await Promise.all([1, 2].map(() => loadModel(modelFolder, { device: 'cpu', threads: 1 })));
    expect(process.listenerCount('exit')).toBe(before + 1);
    await Promise.all(models.map((model) => model.dispose()));
    expect(process.listenerCount('exit')).toBe(before);
  });
});
