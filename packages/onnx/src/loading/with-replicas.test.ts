import { generateImages, lazyMar, randomOrder } from '@tessera/core';
import { type ConditionRows, emptyGrid, ModelDisposedError } from '@tessera/core/model';
import { describeModel } from '@tessera/core/testing/suites';
import { exampleManifest } from '@tessera/format/testing';
import { describe, expect, it, vi } from 'vitest';
import { fakeLoadedModel } from '../testing/fake-loaded-model.js';
import type { LoadedModel } from './load-in-worker.js';
import { withReplicas } from './with-replicas.js';

const manifest = exampleManifest();
const policy = randomOrder({ steps: 3, diffusionSteps: 4 });
const requestsOf = (count: number) =>
  Array.from({ length: count }, (_, imageIndex) => ({
    seed: 7,
    imageIndex,
    input: { classLabel: imageIndex % 2 },
  }));
const draw = (model: LoadedModel, count: number) =>
  generateImages({ model, requests: requestsOf(count), policy, guidance: 2 });
const tokensOf = (drawn: Awaited<ReturnType<typeof draw>>) => drawn.map(({ grid }) => grid.tokens);
/** Lets what was begun in the background end: loading fakes takes no time. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A fake model of which `calls` tells who was asked for how many pictures. */
function watched(name: string, calls: string[]): LoadedModel {
  const fake = fakeLoadedModel(manifest);
  return {
    ...fake,
    condition(request) {
      calls.push(`${name} ${request.batch.length}`);
      return fake.condition(request);
    },
    runStatistics: async () => ({
      decoder: { runs: 1, milliseconds: { model: 5, 'copy 0': 10, 'copy 1': 12 }[name]! },
    }),
    dispose: vi.fn(fake.dispose),
  };
}

/** Two copies, and what happens to them. */
function replicated(count = 2) {
  const calls: string[] = [];
  const copies: LoadedModel[] = [];
  const load = vi.fn(async () => {
    const copy = watched(`copy ${copies.length}`, calls);
    copies.push(copy);
    return copy;
  });
  const own = watched('model', calls);
  return { model: withReplicas(own, { count, load, loadAfter: 0 }), own, copies, calls, load };
}

describeModel(
  'a model with replicas',
  async () => {
    const { model } = replicated();
    await draw(model, 2);
    await settled();
    return model;
  },
  { inputs: [{ classLabel: 0 }, { classLabel: 1 }] },
);

describe('a model with replicas', () => {
  it('draws a picture that comes alone by itself, and loads nothing for it', async () => {
    const { model, calls, load } = replicated();
    await draw(model, 1);
    expect(load).not.toHaveBeenCalled();
    expect(new Set(calls)).toEqual(new Set(['model 1']));
  });

  it('loads nothing for what is over in a second', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const load = vi.fn(async () => fakeLoadedModel(manifest));
      const model = withReplicas(fakeLoadedModel(manifest), { count: 2, load });
      for (const milliseconds of [0, 999]) {
        vi.advanceTimersByTime(milliseconds);
        await draw(model, 2);
      }
      expect(load).not.toHaveBeenCalled();
      vi.advanceTimersByTime(1);
      await draw(model, 2);
      expect(load).toHaveBeenCalledTimes(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    [2, ['copy 0 1', 'copy 1 1']],
    [3, ['copy 0 2', 'copy 1 1']],
    [4, ['copy 0 2', 'copy 1 2']],
  ])('shares %i pictures out once the copies are loaded, and draws the same', async (count, shares) => {
    const { model, calls, load } = replicated();
    const before = await draw(model, count);
    await settled();
    expect(load).toHaveBeenCalledTimes(2);
    expect(calls[0]).toBe(`model ${count}`);
    calls.length = 0;
    const shared = await draw(model, count);
    expect([...new Set(calls)]).toEqual(shares);
    const alone = await draw(fakeLoadedModel(manifest), count);
    for (const drawn of [before, shared]) {
      expect(tokensOf(drawn)).toEqual(tokensOf(alone));
      expect(drawn.map(({ image }) => image)).toEqual(alone.map(({ image }) => image));
    }
  });

  it('uses no more copies than there are pictures', async () => {
    const { model, calls } = replicated(4);
    await draw(model, 2);
    await settled();
    calls.length = 0;
    await draw(model, 2);
    expect([...new Set(calls)]).toEqual(['copy 0 1', 'copy 1 1']);
  });

  it('leaves a picture with the copy that holds what later steps of it take', async () => {
    const { model, calls } = replicated();
    await draw(model, 2);
    await settled();
    calls.length = 0;
    const options = { requests: requestsOf(2), policy, guidance: 2, reuse: lazyMar() };
    const drawn = await generateImages({ model, ...options });
    expect(new Set(calls)).toEqual(new Set(['copy 0 1', 'copy 1 1']));
    const alone = await generateImages({ model: fakeLoadedModel(manifest), ...options });
    expect(tokensOf(drawn)).toEqual(tokensOf(alone));
  });

  it('goes on with a picture by itself that it began before the copies were loaded, where steps build on earlier ones', async () => {
    const { model, calls, copies } = replicated();
    await generateImages({ model, requests: requestsOf(2), policy, guidance: 2, reuse: lazyMar() });
    expect(copies).toHaveLength(2);
    expect(new Set(calls)).toEqual(new Set(['model 2']));
  });

  it('draws everything by itself where a copy can not be loaded, and disposes of the others', async () => {
    const calls: string[] = [];
    const other = watched('copy', calls);
    const load = vi.fn<() => Promise<LoadedModel>>();
    load.mockResolvedValueOnce(other).mockRejectedValueOnce(new Error('no memory'));
    const model = withReplicas(watched('model', calls), { count: 2, load, loadAfter: 0 });
    for (let round = 0; round < 2; round++) {
      await draw(model, 2);
      await settled();
    }
    expect(new Set(calls)).toEqual(new Set(['model 2']));
    expect(load).toHaveBeenCalledTimes(2);
    expect(other.dispose).toHaveBeenCalledOnce();
  });

  it('releases what one copy made where another one fails', async () => {
    const { model, copies } = replicated();
    await draw(model, 2);
    await settled();
    const made: ConditionRows[] = [];
    const { condition } = copies[0]!;
    vi.spyOn(copies[0]!, 'condition').mockImplementation(async (request) => {
      const rows = await condition(request);
      made.push(...rows);
      return rows;
    });
    const failure = new Error('lost');
    vi.spyOn(copies[1]!, 'condition').mockRejectedValue(failure);
    await expect(draw(model, 2)).rejects.toBe(failure);
    expect(made).toHaveLength(1);
    await expect(made[0]!.read()).rejects.toMatchObject({ code: 'conditions-released' });
  });

  it('counts runs of all, and of the times of those that work side by side the longest', async () => {
    const { model } = replicated();
    expect(await model.runStatistics()).toEqual({ decoder: { runs: 1, milliseconds: 5 } });
    await draw(model, 2);
    await settled();
    expect(await model.runStatistics()).toEqual({ decoder: { runs: 3, milliseconds: 17 } });
  });

  it('disposes of all, those that are being loaded too', async () => {
    const { model, own, copies } = replicated();
    await draw(model, 2);
    await Promise.all([model.dispose(), model.dispose()]);
    expect(copies).toHaveLength(2);
    for (const each of [own, ...copies]) expect(each.dispose).toHaveBeenCalledOnce();
    await expect(model.decode([emptyGrid(manifest.grid), emptyGrid(manifest.grid)])).rejects.toBeInstanceOf(
      ModelDisposedError,
    );
  });

  it('stops loading copies when it is disposed of', async () => {
    const signals: AbortSignal[] = [];
    const load = (signal: AbortSignal) => {
      signals.push(signal);
      return new Promise<LoadedModel>((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason)),
      );
    };
    const model = withReplicas(fakeLoadedModel(manifest), { count: 2, load, loadAfter: 0 });
    await draw(model, 2);
    await model.dispose();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });

  it('says what is wrong with a batch that is none', async () => {
    const { model } = replicated();
    const grid = emptyGrid(manifest.grid);
    const alone = await fakeLoadedModel(manifest)
      .decode(grid as never)
      .catch((error: unknown) => error);
    await expect(model.decode(grid as never)).rejects.toEqual(alone);
  });
});
