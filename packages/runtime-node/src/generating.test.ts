import {
  generate,
  generateImages,
  keyedNoise,
  type NoiseSource,
  randomOrder,
  type TokenGrid,
} from '@tessera/core';
import { modelFolder } from '@tessera/model-tiny';
import { type LoadedModel, loadModel } from '@tessera/runtime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let model: LoadedModel;
beforeAll(async () => {
  model = await loadModel(modelFolder, { device: 'cpu' });
});
afterAll(() => model.dispose());

const policy = randomOrder({ steps: 3, diffusionSteps: 4 });

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

describe('a model in its worker', () => {
  it('draws image k of a batch as it draws it alone', async () => {
    const images = [5, 2, 9].map((classLabel, index) => ({
      seed: 40 + index,
      imageIndex: index,
      input: { classLabel },
    }));
    const batch = await generateImages({ model, requests: images, policy });
    for (const [place, image] of images.entries()) {
      const [alone] = await generateImages({ model, requests: [image], policy });
      expect(largestDifference(alone!.grid.tokens, batch[place]!.grid.tokens)).toBeLessThan(1e-4);
      expect(largestDifference(alone!.image.data, batch[place]!.image.data)).toBeLessThanOrEqual(1);
    }
  });

  it('shares a batch out among copies of itself, and draws the same', async () => {
    const shared = await loadModel(modelFolder, { device: 'cpu', threads: 2 });
    const requests = [1, 4].map((classLabel) => ({ seed: 9, imageIndex: classLabel, input: { classLabel } }));
    const runs = async () => (await shared.runStatistics()).transformer?.runs ?? 0;
    // A copy runs the transformer of its own for each step; without copies there is one run for both pictures.
    await expect
      .poll(
        async () => {
          const before = await runs();
          await generateImages({ model: shared, requests, policy });
          return (await runs()) - before;
        },
        { timeout: 20_000 },
      )
      .toBe(2 * 3);
    const drawn = await generateImages({ model: shared, requests, policy });
    await shared.dispose();
    const alone = await loadModel(modelFolder, { device: 'cpu', threads: 2, replicas: 1 });
    const expected = await generateImages({ model: alone, requests, policy });
    expect((await alone.runStatistics()).transformer?.runs).toBe(3);
    await alone.dispose();
    for (const [i, { grid, image }] of drawn.entries()) {
      expect(largestDifference(grid.tokens, expected[i]!.grid.tokens)).toBeLessThan(1e-4);
      expect(largestDifference(image.data, expected[i]!.image.data)).toBeLessThanOrEqual(1);
    }
  });

  it('draws the same noise bits in the worker as in the main thread', async () => {
    const image = { seed: 77, imageIndex: 3, input: { classLabel: 7 } };
    const here = (seed: { seed: number; imageIndex: number }): NoiseSource => {
      // Without its key a source can't be rebuilt in the worker: its numbers are drawn here and sent.
      const { key: _, ...keyless } = keyedNoise({ seed: seed.seed, image: seed.imageIndex });
      return keyless;
    };
    const [inWorker] = await generateImages({ model, requests: [image], policy });
    const [inMain] = await generateImages({ model, requests: [image], policy, noise: here });
    expect(largestDifference(inWorker!.grid.tokens, inMain!.grid.tokens)).toBe(0);
  });

  it('stops within one run of a graph when aborted, and can go on with another image at once', async () => {
    const controller = new AbortController();
    const slow = randomOrder({ steps: 2, diffusionSteps: 500 });
    const run = generateImages({
      model,
      requests: [{ seed: 1, input: { classLabel: 0 } }],
      policy: slow,
      signal: controller.signal,
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const before = (await model.runStatistics()).denoise!.runs;
    controller.abort(new Error('stop'));
    await expect(run).rejects.toThrow('stop');
    const after = (await model.runStatistics()).denoise!.runs;
    // Some runs fall between the question and the abort; without the abort there would be a thousand.
    expect(after - before).toBeLessThan(50);
    const [next] = await generateImages({ model, requests: [{ seed: 1, input: { classLabel: 0 } }], policy });
    expect(next!.image.width).toBe(64);
    expect((await model.runStatistics()).denoise!.runs - after).toBe(3 * 4);
  });

  it('draws from input that a user interface wraps in a proxy', async () => {
    const requests = [{ seed: 1, input: { classLabel: 3 } }];
    const wrapped = requests.map((request) => ({ ...request, input: new Proxy(request.input, {}) }));
    const [plain] = await generateImages({ model, requests, policy });
    const [drawn] = await generateImages({ model, requests: wrapped, policy });
    expect(drawn!.image).toEqual(plain!.image);
  });

  it('draws many pictures at once with one signal, and Node warns of no leak', async () => {
    const warnings: Error[] = [];
    const hear = (warning: Error): number => warnings.push(warning);
    process.on('warning', hear);
    const { signal } = new AbortController();
    const quick = randomOrder({ steps: 1, diffusionSteps: 2 });
    const draws = Array.from({ length: 12 }, (_, seed) =>
      generateImages({ model, policy: quick, signal, requests: [{ seed, input: { classLabel: 3 } }] }),
    );
    await Promise.all(draws);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', hear);
    expect(warnings).toEqual([]);
  });

  it('runs two generations at the same time without mixing them up', async () => {
    const one = { requests: [{ seed: 1, input: { classLabel: 0 } }], model, policy };
    const two = { requests: [{ seed: 2, input: { classLabel: 8 } }], model, policy };
    const together = await Promise.all([generateImages(one), generateImages(two)]);
    expect(together[0]![0]!.grid.tokens).toEqual((await generateImages(one))[0]!.grid.tokens);
    expect(together[1]![0]!.grid.tokens).toEqual((await generateImages(two))[0]!.grid.tokens);
  });

  it('keeps given tokens byte for byte and plans only the others', async () => {
    const [first] = await generateImages({
      model,
      requests: [{ seed: 5, input: { classLabel: 10 } }],
      policy,
    });
    const known = first!.grid.known.map((_, position) => (position % 16 < 8 ? 1 : 0));
    const start: TokenGrid = { ...first!.grid, known };
    const [second] = await generateImages({
      model,
      requests: [{ seed: 6, input: { classLabel: 10 }, start }],
      policy,
    });
    const { channels } = model.shape;
    for (let position = 0; position < 256; position++) {
      const row = ({ tokens }: TokenGrid) => tokens.slice(position * channels, (position + 1) * channels);
      if (known[position]) expect(row(second!.grid)).toEqual(row(first!.grid));
      else expect(row(second!.grid)).not.toEqual(row(first!.grid));
    }
  });

  it('shows the picture so far on request', async () => {
    const sizes: number[] = [];
    for await (const event of generate({
      model,
      requests: [{ seed: 5, input: { classLabel: 10 } }],
      policy,
    })) {
      if (event.type === 'step-end') sizes.push((await event.preview(0)).data.length);
    }
    expect(sizes).toEqual(Array(3).fill(64 * 64 * 3));
  });

  it('encodes a picture to tokens that decode to it again, nearly', async () => {
    const [drawn] = await generateImages({
      model,
      requests: [{ seed: 8, input: { classLabel: 4 } }],
      policy,
    });
    const [grid] = await model.encode([drawn!.image]);
    const [again] = await model.decode([grid!]);
    const squares = again!.data.reduce((sum, value, i) => sum + (value - drawn!.image.data[i]!) ** 2, 0);
    const psnr = 10 * Math.log10(255 ** 2 / (squares / again!.data.length));
    expect(psnr).toBeGreaterThan(20);
  });

  it('refuses a class it does not have and a picture of another size', async () => {
    const wrongClass = generateImages({ model, requests: [{ seed: 1, input: { classLabel: 12 } }], policy });
    await expect(wrongClass).rejects.toMatchObject({ code: 'invalid-option', option: 'classLabel' });
    const small = { width: 32, height: 32, data: new Uint8Array(32 * 32 * 3) };
    await expect(model.encode([small])).rejects.toMatchObject({ code: 'shape-mismatch' });
  });
});
