import { describe, expect, it } from 'vitest';
import { constantDiffusionSteps } from '../diffusion-steps.js';
import { generate, generateImages } from '../generate.js';
import type { GenerateEvent } from '../generation.js';
import { emptyGrid, type TokenGrid } from '../grid.js';
import type { ClassInput, MaskedModel } from '../model.js';
import { randomOrder } from '../policies/random-order.js';
import { type SamplingWork, samplingWork } from '../sampling-work.js';
import { type FakeModel, fakeModel } from '../testing/fake-model.js';
import { Scheduler, type SchedulerOptions } from './scheduler.js';

const shape = { height: 4, width: 4, channels: 3 };
const policy = randomOrder({ steps: 8, diffusionSteps: constantDiffusionSteps(3) });
const image = (seed: number, imageIndex = 0) => ({ seed, imageIndex, input: { classLabel: seed % 4 } });
const images = (count: number, seed = 1) => Array.from({ length: count }, (_, i) => image(seed, i));

/** What a model has done so far: the clock of these tests. */
const workOf = ({ calls }: FakeModel): number => calls.conditionRows + calls.headEvaluations;

/** When each call was finished, in work of the model. */
async function endsOf(
  model: FakeModel,
  calls: readonly (() => Promise<unknown>)[],
): Promise<{ ends: number[]; mean: number }> {
  const began = workOf(model);
  const ends = await Promise.all(
    calls.map(async (call) => {
      await call();
      return workOf(model) - began;
    }),
  );
  return { ends, mean: ends.reduce((sum, end) => sum + end, 0) / ends.length };
}

function scheduled(options: SchedulerOptions = {}, change: Partial<MaskedModel<ClassInput>> = {}) {
  const model = fakeModel({ shape });
  return { model, scheduler: new Scheduler<ClassInput>({ ...model, ...change }, options) };
}

const half: TokenGrid = { ...emptyGrid(shape), known: new Uint8Array(16).fill(1, 0, 8) };

describe('a scheduler', () => {
  it.each<SchedulerOptions>([{ batch: 1 }, { batch: 3 }, { batch: 2, joined: 8 }])(
    'draws with %j what the generations draw alone, and what a batch does',
    async (options) => {
      const { scheduler } = scheduled(options);
      const requests = images(5);
      const [batch, edited, others] = await Promise.all([
        scheduler.generateImages({ requests, policy, guidance: 2 }),
        scheduler.generateImages({ requests: [{ ...image(9), start: half }], policy }),
        scheduler.generateImages({ requests: images(3, 4) }),
      ]);
      const model = fakeModel({ shape });
      expect(batch).toEqual(await generateImages({ model, requests, policy, guidance: 2 }));
      expect(edited).toEqual(
        await generateImages({ model, requests: [{ ...image(9), start: half }], policy }),
      );
      expect(others).toEqual(await generateImages({ model, requests: images(3, 4) }));
    },
  );

  it('ends one image beside a batch of 32 within three times its time alone', async () => {
    const { model, scheduler } = scheduled();
    const alone = await endsOf(model, [() => scheduler.generateImages({ requests: images(1), policy })]);
    const batch = scheduler.generate({ requests: images(32), policy });
    for (let i = 0; i < 40; i++) await batch.next();
    const beside = await endsOf(model, [
      () => scheduler.generateImages({ requests: images(1, 2), policy }),
      async () => {
        while (!(await batch.next()).done);
      },
    ]);
    expect(beside.ends[0]).toBeLessThan(3 * alone.ends[0]!);
    expect(beside.ends[1]).toBeGreaterThan(20 * alone.ends[0]!);
  });

  it('ends ten images that come at once one after the other, in the order they came, for the same work', async () => {
    const { model, scheduler } = scheduled();
    const each = images(10).map((request) => ({ requests: [request], policy }));
    const today = await endsOf(
      model,
      each.map((options) => () => generateImages({ model, ...options })),
    );
    const now = await endsOf(
      model,
      each.map((options) => () => scheduler.generateImages(options)),
    );
    expect(now.ends).toEqual([...now.ends].sort((a, b) => a - b));
    expect(new Set(now.ends).size).toBe(10);
    expect(now.mean).toBeLessThanOrEqual(0.6 * today.mean);
    expect(now.ends.at(-1)).toBe(today.ends.at(-1));
  });

  it('gives two batches the same share of the work, though the images of one are ten times as heavy', async () => {
    const { scheduler } = scheduled({ batch: 1 });
    const heavy = randomOrder({ steps: 8, diffusionSteps: constantDiffusionSteps(30) });
    const controller = new AbortController();
    const done = { heavy: 0, light: 0 };
    const rows = ({ passes, headEvaluations }: SamplingWork) => 16 * passes + headEvaluations;
    const count = async (name: keyof typeof done, run: AsyncIterable<GenerateEvent>): Promise<void> => {
      for await (const event of run)
        if (event.type === 'step-end') done[name] += rows(samplingWork(event.batch));
    };
    const light = scheduler.generate({ requests: images(40), policy });
    const { signal } = controller;
    const endless = scheduler.generate({ requests: images(40, 2), policy: heavy, signal });
    await Promise.all([
      count('light', light).then(() => controller.abort(new Error('compared'))),
      expect(count('heavy', endless)).rejects.toThrow('compared'),
    ]);
    const ofHeavyImage = rows({ passes: 8, conditionRows: 16, headEvaluations: 16 * 30 });
    expect(Math.abs(done.heavy - done.light)).toBeLessThanOrEqual(1.5 * ofHeavyImage);
  });

  it('gives turns to runs of others, in equal shares of the time, until each ends, fails or is left', async () => {
    let time = 0;
    const { scheduler } = scheduled({ now: () => time });
    const seen: string[] = [];
    async function* run(name: string, times: readonly number[], fail = false) {
      try {
        for (const each of times) {
          await Promise.resolve();
          time += each;
          yield name;
        }
        if (fail) throw new Error(`${name} failed`);
        return `${name} is over`;
      } finally {
        seen.push(`end ${name}`);
      }
    }
    const follow = async (shared: AsyncGenerator<string, string>, steps = Number.POSITIVE_INFINITY) => {
      for (let i = 0; i < steps; i++) {
        const { done, value } = await shared.next();
        if (done) return value;
        seen.push(value);
        await new Promise((resolve) => setTimeout(resolve));
      }
      return (await shared.return('left')).value;
    };
    const results = await Promise.allSettled([
      follow(scheduler.share(run('a', [10, 10, 10, 10]))),
      follow(scheduler.share(run('b', [15, 15]))),
      follow(scheduler.share(run('c', [1]))),
      follow(scheduler.share(run('d', [11, 11, 11])), 1),
      follow(scheduler.share(run('e', [12], true))),
    ]);
    expect(seen.join(' ')).toBe('a b c d end d e end c a end e b a a end b end a');
    expect(results.map((each) => (each.status === 'fulfilled' ? each.value : each.reason.message))).toEqual([
      ...['a is over', 'b is over', 'c is over', 'left', 'e failed'],
    ]);
    expect(scheduler.load).toEqual({ waiting: 0, running: 0, imagesLeft: 0 });
  });

  it('gives turns to runs of others beside its own calls, and needs a clock for that', async () => {
    let time = 0;
    const { model, scheduler } = scheduled({ now: () => time++ });
    const shared = scheduler.share(generate({ model, requests: images(1), policy }));
    const [own] = await Promise.all([
      scheduler.generateImages({ requests: images(2), policy }),
      (async () => {
        while (!(await shared.next()).done);
      })(),
    ]);
    expect(own).toEqual(await generateImages({ model: fakeModel({ shape }), requests: images(2), policy }));
    const without = scheduled().scheduler.share(generate({ model, requests: images(1), policy }));
    await expect(without.next()).rejects.toThrow(/now = undefined: must be given to the scheduler/);
  });

  it('lets a call of a higher priority go first from the next step on', async () => {
    const { scheduler } = scheduled();
    const order: string[] = [];
    const draw = (name: string, priority: number) =>
      scheduler.generateImages({ requests: [image(1)], policy, priority }).then(() => order.push(name));
    await Promise.all([draw('first', 0), draw('second', 0), draw('urgent', 1)]);
    expect(order).toEqual(['urgent', 'first', 'second']);
  });

  it('runs what several calls have at the same step together where they may join', async () => {
    const { model, scheduler } = scheduled({ joined: 8 });
    await Promise.all(images(6).map((request) => scheduler.generateImages({ requests: [request], policy })));
    expect(model.calls.condition).toBe(8);
    expect(model.calls.sampleTokens).toBe(8);
  });

  it('lets no call join the steps of one with fewer images left', async () => {
    const { model, scheduler } = scheduled({ joined: 8 });
    const single = () => scheduler.generateImages({ requests: images(1), policy });
    const batch = () => scheduler.generateImages({ requests: images(3, 1), policy });
    const alone = await endsOf(model, [single]);
    const beside = await endsOf(model, [single, batch]);
    expect(beside.ends[0]).toBeLessThan(1.1 * alone.ends[0]!);
  });

  it('refuses a call where as many wait as may, and takes it later', async () => {
    const { scheduler } = scheduled({ maxWaiting: 1 });
    const draw = () => scheduler.generateImages({ requests: [image(1)], policy });
    const two = [draw(), draw()];
    await expect(draw()).rejects.toMatchObject({ code: 'queue-full', waiting: 2 });
    await Promise.all(two);
    await expect(draw()).resolves.toHaveLength(1);
    expect(scheduler.load).toEqual({ waiting: 0, running: 0, imagesLeft: 0 });
  });

  it('rejects a call that is aborted at once, in the middle of a step, and goes on with the others', async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const fake = fakeModel({ shape });
    const { scheduler } = scheduled(
      {},
      {
        async sampleTokens(request) {
          await held;
          return fake.sampleTokens(request);
        },
      },
    );
    const controller = new AbortController();
    const { signal } = controller;
    const stopped = scheduler.generateImages({ requests: images(2), policy, signal });
    const other = scheduler.generateImages({ requests: [image(3)], policy });
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort(new Error('enough'));
    await expect(stopped).rejects.toThrow('enough');
    expect(scheduler.load).toEqual({ waiting: 1, running: 0, imagesLeft: 1 });
    release();
    await expect(other).resolves.toHaveLength(1);
  });

  it('stops a call whose loop is left, and never begins one that is aborted before', async () => {
    const { model, scheduler } = scheduled();
    for await (const event of scheduler.generate({ requests: images(8), policy }))
      if (event.type === 'step-end') break;
    expect(scheduler.load.running).toBe(0);
    await new Promise((resolve) => setImmediate(resolve));
    const before = workOf(model);
    const signal = AbortSignal.abort(new Error('no more'));
    await expect(scheduler.generateImages({ requests: images(1), policy, signal })).rejects.toThrow(
      'no more',
    );
    expect(workOf(model)).toBe(before);
  });

  it('lets the failure of one call be that call’s alone, in a step that it shares', async () => {
    const { scheduler } = scheduled({ joined: 8 });
    const wrong = { seed: 1, input: {} as ClassInput };
    const [bad, good] = await Promise.allSettled([
      scheduler.generateImages({ requests: [wrong], policy }),
      scheduler.generateImages({ requests: [image(1)], policy }),
    ]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'invalid-option' } });
    expect(good.status).toBe('fulfilled');
  });

  it('waits for whoever draws the events, a step ahead', async () => {
    const { model, scheduler } = scheduled({ batch: 1 });
    const run = scheduler.generate({ requests: images(2), policy });
    await run.next();
    // Until no more is done, which takes a busy machine longer.
    let done: number;
    do {
      done = workOf(model);
      await new Promise((resolve) => setTimeout(resolve, 5));
    } while (workOf(model) !== done);
    expect(model.calls.condition).toBeLessThanOrEqual(3);
    while (!(await run.next()).done);
    expect(model.calls.condition).toBe(16);
  });

  it('tells each image’s steps and the progress of all, with grids and previews of that moment', async () => {
    const { scheduler } = scheduled({ batch: 2 });
    const events: GenerateEvent[] = [];
    for await (const event of scheduler.generate({ requests: images(3), policy })) {
      events.push(event);
      if (event.type !== 'step-end') continue;
      const index = event.batch[0]!.batchIndex;
      const known = event.grids()[index]!.known.reduce((sum, value) => sum + value, 0);
      expect(event.batch[0]!.plan.positions.length).toBeLessThanOrEqual(known);
      expect(await event.preview(index)).toMatchObject({ width: 4 });
      await expect(event.preview(3)).rejects.toMatchObject({ option: 'batchIndex' });
    }
    const finished = events.flatMap((event) => (event.type === 'image' ? [event.batchIndex] : []));
    expect(finished).toEqual([0, 1, 2]);
    for (const index of finished) {
      const steps = events.flatMap((event) =>
        event.type === 'step-end' && event.batch[0]!.batchIndex === index ? [event.step] : [],
      );
      expect(steps).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    }
    expect(events.at(-1)!.progress).toEqual({ tokensDecoded: 48, tokens: 48, stepsDone: 24, steps: 24 });
  });

  it('edits in its turn', async () => {
    const { model, scheduler } = scheduled();
    const picture = (await model.decode([half]))[0]!;
    const mask = { width: 4, height: 4, data: new Uint8Array(16).fill(255, 0, 4) };
    const [edited] = await scheduler.editImage({
      image: picture,
      mask,
      seed: 3,
      input: { classLabel: 1 },
      policy,
    });
    expect(edited!.image.data.subarray(12)).toEqual(picture.data.subarray(12));
    expect(edited!.mask.data.subarray(0, 4)).toEqual(new Uint8Array(4).fill(255));
  });

  it.each([
    ['no images', { requests: [] }, []],
    [
      'an image that is known already',
      { requests: [{ ...image(1), start: { ...half, known: half.known.slice().fill(1) } }] },
      [0],
    ],
  ])('takes %s', async (_, options, steps) => {
    const { scheduler } = scheduled();
    const drawn = await scheduler.generateImages({ ...options, policy });
    expect(drawn.map((each) => each.steps.length)).toEqual(steps);
  });

  it.each([
    ['batch', { batch: 0 }],
    ['joined', { joined: 1.5 }],
    ['maxWaiting', { maxWaiting: -1 }],
  ])('refuses a %s out of range', (option, options) => {
    expect(() => scheduled(options)).toThrow(expect.objectContaining({ code: 'invalid-option', option }));
  });

  it('refuses what generate refuses, before it asks the model for anything', async () => {
    const { model, scheduler } = scheduled();
    const wrong = scheduler.generateImages({ requests: [image(1)], policy: 'mar' as never });
    await expect(wrong).rejects.toMatchObject({ code: 'invalid-option', option: 'policy' });
    const priority = Number.NaN;
    await expect(scheduler.generateImages({ requests: [image(1)], priority })).rejects.toMatchObject({
      option: 'priority',
    });
    expect(workOf(model)).toBe(0);
  });
});

it('generate and a scheduler give the same kinds of events', async () => {
  const { model, scheduler } = scheduled();
  const kinds = async (run: AsyncIterable<GenerateEvent>): Promise<string[]> => {
    const seen: string[] = [];
    for await (const { type } of run) seen.push(type);
    return seen;
  };
  const options = { requests: [image(1)], policy };
  expect(await kinds(scheduler.generate(options))).toEqual(await kinds(generate({ model, ...options })));
});
