import { describe, expect, it } from 'vitest';
import { ConditionRows } from './condition-rows.js';
import { ancestralSampler } from './diffusion/ancestral-sampler.js';
import { ddimSampler } from './diffusion/ddim-sampler.js';
import { annealedDiffusionSteps } from './diffusion-steps.js';
import { generate, generateImages } from './generate.js';
import type { GenerateEvent, GenerateOptions } from './generation.js';
import { emptyGrid, type TokenGrid } from './grid.js';
import { constantGuidance, intervalGuidance } from './guidance.js';
import { keyedNoise } from './noise/keyed.js';
import { stepPlan } from './plan.js';
import { randomOrder } from './policies/random-order.js';
import { plannedPolicy, type Refinement } from './policy.js';
import { refine } from './refinement.js';
import { samplingWork } from './sampling-work.js';
import { fakeModel } from './testing/fake-model.js';

const shape = { height: 4, width: 4, channels: 3 };
const policy = randomOrder({ steps: 5, diffusionSteps: 3 });
const image = (seed: number, imageIndex = 0) => ({ seed, imageIndex, input: { classLabel: seed % 4 } });

/** A grid that knows its first six tokens, the last of them with a NaN. */
function startWithNaN(): TokenGrid {
  const grid = emptyGrid(shape);
  grid.known.fill(1, 0, 6);
  grid.tokens[5 * shape.channels + 1] = Number.NaN;
  return grid;
}

/** The four rows of the grid, one a step. */
const rows = plannedPolicy('rows', function* () {
  for (let row = 0; row < 4; row++)
    yield stepPlan(
      'rows',
      [0, 1, 2, 3].map((j) => row * 4 + j),
      3,
    );
});

async function eventsOf(options: Partial<Parameters<typeof generate>[0]> = {}): Promise<GenerateEvent[]> {
  const events: GenerateEvent[] = [];
  const run = generate({ model: fakeModel({ shape }), requests: [image(1)], policy, ...options } as never);
  for await (const event of run) events.push(event);
  return events;
}

describe('generate', () => {
  it('starts and ends each step, then gives the image', async () => {
    const types = (await eventsOf()).map((event) => event.type);
    expect(types).toEqual([...Array(5).fill(['step-start', 'step-end']).flat(), 'image']);
  });

  it('decodes every position exactly once, as the steps of the result say', async () => {
    const [drawn] = await generateImages({ model: fakeModel({ shape }), requests: [image(2)], policy });
    const positions = drawn!.steps.flatMap(({ plan }) => [...plan.positions]);
    expect(positions.sort((a, b) => a - b)).toEqual([...Array(16).keys()]);
    expect(drawn!.grid.known.every((known) => known === 1)).toBe(true);
  });

  it('gives image k of a batch the tokens it has alone, whatever its neighbours, place and policy steps', async () => {
    const images = [image(3), image(3, 1), image(4), image(5)];
    const batch = await generateImages({ model: fakeModel({ shape }), requests: images, policy });
    for (const [place, request] of images.entries()) {
      const [alone] = await generateImages({ model: fakeModel({ shape }), requests: [request], policy });
      expect(alone!.grid.tokens).toEqual(batch[place]!.grid.tokens);
    }
    expect(batch[0]!.grid.tokens).not.toEqual(batch[1]!.grid.tokens);
  });

  it('finishes images that start with more known tokens earlier', async () => {
    const known = new Uint8Array(16).fill(1);
    const done = { ...emptyGrid(shape), known };
    const half = { ...emptyGrid(shape), known: known.map((_, position) => (position < 8 ? 1 : 0)) };
    const images = [image(1), { ...image(2), start: half }, { ...image(3), start: done }];
    const events = await eventsOf({ requests: images, policy: rows });
    const finished = events.flatMap((event) => (event.type === 'image' ? [event.batchIndex] : []));
    expect(finished).toEqual([2, 1, 0]);
  });

  it('asks for unconditional rows only where the scale is not 1', async () => {
    const rowsFor = async (guidance: Parameters<typeof generate>[0]['guidance']) => {
      const model = fakeModel({ shape });
      await generateImages({ model, requests: [image(1)], policy: rows, ...(guidance ? { guidance } : {}) });
      return model.calls.conditionRows;
    };
    expect(await rowsFor(undefined)).toBe(16);
    expect(await rowsFor(constantGuidance(1))).toBe(16);
    expect(await rowsFor(constantGuidance(2))).toBe(32);
    expect(await rowsFor(intervalGuidance({ scale: 2, above: 0.2, upTo: 0.6 }))).toBe(24);
  });

  it('runs the head once for each diffusion step count of a step, over all images', async () => {
    const detail: Refinement = (plan) => ({
      ...plan,
      diffusionSteps: plan.diffusionSteps.map((steps, i) => (i === 0 ? 6 : steps)),
    });
    const model = fakeModel({ shape });
    await generateImages({ model, requests: [image(1), image(2)], policy: refine(rows, detail) });
    expect(model.calls.sampleTokens).toBe(4 * 2);
    expect(model.calls.headEvaluations).toBe(2 * 4 * (6 + 3 * 3));
  });

  it('leaves positions that a refinement drops masked, and shows the next refinement the rows that are left', async () => {
    const plannedAll = {
      name: 'all masked',
      init: () => undefined,
      step: (_: unknown, { grid }: { grid: { known: Uint8Array } }) =>
        [
          stepPlan(
            'all',
            [...grid.known.keys()].filter((p) => !grid.known[p]),
            3,
          ),
          undefined,
        ] as const,
    };
    const seen: number[][] = [];
    const keepLastFive: Refinement = (plan) => stepPlan(plan.stage, plan.positions.slice(-5), 3);
    const look: Refinement = async (plan, { conditions }) => {
      const z = await conditions.read();
      expect(z).toHaveLength(plan.positions.length * conditions.width);
      expect(await conditions.readUnconditional()).toHaveLength(z.length);
      seen.push([...plan.positions]);
      return plan;
    };
    const [drawn] = await generateImages({
      model: fakeModel({ shape }),
      requests: [image(1)],
      policy: refine(plannedAll, keepLastFive, look),
      guidance: constantGuidance(2),
    });
    expect(seen.map((positions) => positions.length)).toEqual([5, 5, 5, 1]);
    expect(drawn!.steps.map(({ plan }) => [...plan.positions])).toEqual(seen);
  });

  it('plans what a refinement drops again, of plans that were made beforehand', async () => {
    const dropOdd: Refinement = (plan, { step }) =>
      step > 3
        ? plan
        : stepPlan(
            plan.stage,
            plan.positions.filter((p) => p % 2 === 0),
            4,
          );
    const [drawn] = await generateImages({
      model: fakeModel({ shape }),
      requests: [image(1)],
      policy: refine(rows, dropOdd),
    });
    const steps = drawn!.steps.map(({ plan }) => [...plan.positions]);
    expect(steps).toEqual([
      [0, 2],
      [4, 6],
      [8, 10],
      [12, 14],
      [1, 3],
      [5, 7],
      [9, 11],
      [13, 15],
    ]);
  });

  it('lets a refinement change the plan that it is given, in place', async () => {
    const tokensWith = async (refinement: Refinement) => {
      const request = { model: fakeModel({ shape }), requests: [image(1)], policy: refine(rows, refinement) };
      return (await generateImages(request))[0]!.grid.tokens;
    };
    const inPlace = await tokensWith((plan) => {
      plan.positions.reverse();
      plan.diffusionSteps.fill(4);
      return plan;
    });
    expect(inPlace).toEqual(await tokensWith((plan) => stepPlan(plan.stage, plan.positions, 4)));
  });

  it('finds a count that the sampler refuses before it asks the model for anything', async () => {
    const model = fakeModel({ shape });
    const run = generateImages({
      model,
      requests: [image(1)],
      policy: randomOrder({ steps: 5, diffusionSteps: 1001 }),
    });
    await expect(run).rejects.toMatchObject({
      code: 'invalid-plan',
      step: 0,
      cause: { code: 'invalid-option' },
    });
    expect(model.calls.condition).toBe(0);
  });

  it.each([
    ['returns nothing', () => undefined, 'it returned neither coefficients nor a function'],
    [
      'returns neither coefficients nor a function',
      () => ({ name: 'steps' }),
      'it returned neither coefficients nor a function',
    ],
    [
      'throws a sentence',
      () => {
        throw 'only even counts';
      },
      'it threw only even counts',
    ],
    [
      'throws nothing',
      () => {
        throw undefined;
      },
      'it threw undefined',
    ],
  ])('says so of a sampler that %s', async (_, sampler, reason) => {
    await expect(eventsOf({ sampler: sampler as never })).rejects.toMatchObject({
      code: 'invalid-plan',
      message: `Policy "random-order", step 0: the sampler can't take 3 diffusion steps (${reason}).`,
    });
  });

  it.each([
    ['a negative clamp', { clamp: -1 }, 'clamp = -1'],
    ['a clamp of other channels', { clamp: [1, 1] }, 'clamp [C]: expected [3], got [2]'],
    ['a clamp that is no number', { clamp: Number.NaN }, 'clamp = NaN'],
    ['guidance that is no number', { guidance: () => Number.NaN }, 'guidance at step 0 = NaN'],
    ['a start of another shape', { start: emptyGrid({ height: 2, width: 8, channels: 3 }) }, 'start.shape'],
    [
      'a start with a known token that is no number',
      { start: startWithNaN() },
      'the known token at position 5',
    ],
  ])(
    'refuses %s',
    async (_, { start, ...options }: { start?: TokenGrid } & Partial<GenerateOptions<unknown>>, message) => {
      const requests = [start ? { ...image(1), start } : image(1)];
      await expect(eventsOf({ requests, ...options } as never)).rejects.toThrow(message);
    },
  );

  it('throws typed errors that name policy, step and problem', async () => {
    const planned = (positions: number[], steps = 3) => ({
      name: 'wrong',
      init: () => undefined,
      step: () => [stepPlan('s', positions, steps), undefined] as const,
    });
    const failure = (wrong: ReturnType<typeof planned>) =>
      generateImages({ model: fakeModel({ shape }), requests: [image(1)], policy: wrong }).catch(
        (error) => error,
      );
    const invalid = (message: RegExp) => ({
      code: 'invalid-plan',
      policy: 'wrong',
      message: expect.stringMatching(message),
    });
    expect(await failure(planned([]))).toMatchObject(invalid(/step 0: the plan names no position/));
    expect(await failure(planned([16]))).toMatchObject(invalid(/position 16 is outside/));
    expect(await failure(planned([2, 1, 2]))).toMatchObject(invalid(/position 2 is named twice/));
    expect(await failure(planned([1], 1))).toMatchObject(invalid(/can't take 1 diffusion steps/));
    expect(await failure(planned([3]))).toMatchObject({ step: 1, ...invalid(/position 3 is already known/) });
    const adds = refine(rows, (plan) => stepPlan(plan.stage, [15, ...plan.positions], 3));
    await expect(
      generateImages({ model: fakeModel({ shape }), requests: [image(1)], policy: adds }),
    ).rejects.toMatchObject({ code: 'invalid-plan', message: expect.stringMatching(/added position 15/) });
  });

  const sound = fakeModel({ shape });
  it.each<[string, Partial<typeof sound>, object]>([
    [
      'conditions for one image of two',
      { condition: async (request) => (await sound.condition(request)).slice(1) },
      { code: 'shape-mismatch', expected: [2], actual: [1] },
    ],
    [
      'conditions of too few rows',
      {
        condition: async (request) =>
          (await sound.condition(request)).map((rows) => rows.select(Uint32Array.of(0, 1, 2))),
      },
      { code: 'shape-mismatch', expected: [4], actual: [3] },
    ],
    [
      'no unconditional rows where they are needed',
      {
        condition: ({ batch }) =>
          sound.condition({ batch: batch.map((image) => ({ ...image, guided: false })) }),
      },
      { code: 'conditions-unguided', message: expect.stringContaining('guidance 2') },
    ],
    [
      'tokens of one image of two',
      { sampleTokens: async (request) => (await sound.sampleTokens(request)).slice(1) },
      { code: 'shape-mismatch', expected: [2], actual: [1] },
    ],
    [
      'tokens of too few channels',
      { sampleTokens: async (request) => (await sound.sampleTokens(request)).map((x) => x.slice(1)) },
      { code: 'shape-mismatch', expected: [4, 3], actual: [11] },
    ],
    [
      'a token that is no number',
      {
        sampleTokens: async (request) => {
          const tokens = await sound.sampleTokens(request);
          tokens[1]![7] = Number.NaN;
          return tokens;
        },
      },
      { code: 'non-finite', where: 'The token at position 2' },
    ],
    [
      'one picture of two',
      { decode: async (grids) => (await sound.decode(grids)).slice(1) },
      { code: 'shape-mismatch', expected: [2], actual: [1] },
    ],
  ])('says so of a model that gives %s', async (_, broken, error) => {
    const images = [image(1), image(2)];
    const guidance = constantGuidance(2);
    const run = generateImages({ model: { ...sound, ...broken }, requests: images, policy: rows, guidance });
    await expect(run).rejects.toMatchObject(error);
  });

  it('releases the conditions of every step, of one that fails too', async () => {
    const model = fakeModel({ shape });
    let held = 0;
    const counting = {
      ...model,
      async condition(request: Parameters<typeof model.condition>[0]) {
        const all = await model.condition(request);
        held += all.length;
        return all.flatMap((rows) => {
          const tensor = { read: () => rows.read(), release: () => void held-- };
          return ConditionRows.split(tensor, rows.width, [{ count: rows.count, guided: false }]);
        });
      },
    };
    await generateImages({ model: counting, requests: [image(1), image(2)], policy });
    expect(held).toBe(0);
    const fails = refine(policy, () => Promise.reject(new Error('refinement')));
    await expect(generateImages({ model: counting, requests: [image(1)], policy: fails })).rejects.toThrow(
      'refinement',
    );
    expect(held).toBe(0);
  });

  it('stops with the reason of its signal, before it asks the model for anything more', async () => {
    const controller = new AbortController();
    const model = fakeModel({ shape });
    const run = generate({ model, requests: [image(1)], policy, signal: controller.signal });
    for (let i = 0; i < 4; i++) await run.next();
    const { condition } = model.calls;
    controller.abort(new Error('enough'));
    await expect(run.next()).rejects.toThrow('enough');
    expect(model.calls.condition).toBe(condition);
  });

  it('keeps known tokens and does not change the grid it starts from', async () => {
    const start = { ...emptyGrid(shape), known: new Uint8Array(16).map((_, position) => position % 2) };
    for (const [i] of start.tokens.entries()) start.tokens[i] = i / 100;
    const before = structuredClone(start);
    const [drawn] = await generateImages({
      model: fakeModel({ shape }),
      requests: [{ ...image(1), start }],
      policy,
    });
    expect(start).toEqual(before);
    for (let i = 0; i < 48; i++) {
      if (Math.floor(i / 3) % 2 === 1) expect(drawn!.grid.tokens[i]).toBe(start.tokens[i]);
    }
    const wrong = { ...emptyGrid({ ...shape, width: 5 }) };
    await expect(
      generateImages({ model: fakeModel({ shape }), requests: [{ ...image(1), start: wrong }], policy }),
    ).rejects.toMatchObject({ code: 'shape-mismatch' });
  });

  it('shows previews and copies of the grids when asked, and only then', async () => {
    const model = fakeModel({ shape });
    for await (const event of generate({ model, requests: [image(1)], policy })) {
      if (event.type !== 'step-end' || event.step !== 1) continue;
      expect(model.calls.decode).toBe(0);
      expect(await event.preview(0)).toMatchObject({ width: 4, height: 4 });
      await expect(event.preview(1)).rejects.toMatchObject({ code: 'invalid-option', option: 'batchIndex' });
      event.grids()[0]!.tokens.fill(Number.NaN);
    }
    expect(model.calls.decode).toBe(2);
  });

  it('takes its options before the defaults of the model; null turns its clamp off', async () => {
    const model = { ...fakeModel({ shape }), defaults: { temperature: 0, clamp: 0.25 } };
    const largest = async (options: object) => {
      const [drawn] = await generateImages({ model, requests: [image(1)], policy, ...options });
      return Math.max(...drawn!.grid.tokens.map(Math.abs));
    };
    expect(await largest({})).toBeLessThanOrEqual(0.25);
    expect(await largest({ clamp: null })).toBeGreaterThan(0.25);
    expect(await largest({ clamp: 0.1 })).toBeLessThanOrEqual(Math.fround(0.1));
    await expect(largest({ temperature: -1 })).rejects.toMatchObject({ option: 'temperature' });
  });

  it('draws from the noise it is given, and repeats itself for the same seed', async () => {
    const model = fakeModel({ shape });
    const tokens = async (options: object) =>
      (await generateImages({ model, requests: [image(7)], policy, ...options }))[0]!.grid.tokens;
    const noise = ({ seed, imageIndex }: { seed: number; imageIndex: number }) =>
      keyedNoise({ seed, image: imageIndex });
    expect(await tokens({})).toEqual(await tokens({ noise }));
    expect(await tokens({})).not.toEqual(await tokens({ noise: () => keyedNoise({ seed: 8 }) }));
  });

  it('tells how many tokens are decoded and how many steps are done, of how many in all', async () => {
    const half = { ...emptyGrid(shape), known: new Uint8Array(16).fill(1, 0, 8) };
    const images = [image(1), { ...image(2), start: half }];
    const progress = (await eventsOf({ requests: images, policy: rows })).map((event) => {
      const { stepsDone, steps, tokensDecoded, tokens } = event.progress;
      return `${event.type} ${stepsDone}/${steps} ${tokensDecoded}/${tokens}`;
    });
    expect(progress).toEqual([
      'step-start 0/4 0/24',
      'step-end 1/4 8/24',
      'step-start 1/4 8/24',
      'step-end 2/4 16/24',
      'image 2/4 16/24',
      'step-start 2/4 16/24',
      'step-end 3/4 20/24',
      'step-start 3/4 20/24',
      'step-end 4/4 24/24',
      'image 4/4 24/24',
    ]);
    const { stepsLeft: _, ...silent } = rows;
    const [first, ...others] = await eventsOf({ policy: silent });
    expect(first!.progress).not.toHaveProperty('steps');
    expect(others.at(-1)!.progress.steps).toBe(4);
  });

  it('counts steps that are added where a refinement drops tokens', async () => {
    const dropOdd: Refinement = (plan, { step }) =>
      step > 3
        ? plan
        : stepPlan(
            plan.stage,
            plan.positions.filter((p) => p % 2 === 0),
            3,
          );
    const events = await eventsOf({ policy: refine(rows, dropOdd) });
    const counts = events.flatMap(({ type, progress }) => (type === 'step-end' ? [progress.steps] : []));
    expect(counts).toEqual([4, 4, 4, 5, 8, 8, 8, 8]);
  });

  it('calls back with the progress of pictures without events', async () => {
    const seen: number[] = [];
    const onProgress = ({ tokensDecoded }: { tokensDecoded: number }) => seen.push(tokensDecoded);
    await generateImages({ model: fakeModel({ shape }), requests: [image(1)], policy: rows, onProgress });
    expect(seen).toEqual([4, 8, 12, 16, 16]);
  });

  it.each([1, 2])('counts the work that the model does, at guidance scale %d', async (guidance) => {
    const model = fakeModel({ shape });
    const mixed = refine(
      randomOrder({ steps: 5, diffusionSteps: annealedDiffusionSteps({ from: 46, to: 20 }) }),
      (plan) => stepPlan(plan.stage, plan.positions.slice(0, 4), plan.diffusionSteps.slice(0, 4)),
    );
    const drawn = await generateImages({ model, requests: [image(1), image(2)], policy: mixed, guidance });
    const work = samplingWork(drawn.flatMap(({ steps }) => steps));
    const { conditionRows, headEvaluations } = model.calls;
    expect(work).toEqual({
      passes: guidance * drawn.flatMap(({ steps }) => steps).length,
      conditionRows,
      headEvaluations,
    });
  });

  it('counts the evaluations of the sampler, which merges some of the steps that a plan asks for', async () => {
    const sampler = ancestralSampler({ maxTimestep: 950 });
    const grid = { height: 16, width: 16, channels: 1 };
    const disa = randomOrder({ diffusionSteps: annealedDiffusionSteps() });
    const model = fakeModel({ shape: grid, width: 1 });
    const [drawn] = await generateImages({ model, requests: [image(1)], policy: disa, sampler, guidance: 2 });
    expect(samplingWork(drawn!.steps).headEvaluations).toBe(model.calls.headEvaluations);
    expect(model.calls.headEvaluations).toBe(10_492);
  });

  it('follows the advice of the model where no option is given, and MAR where there is none', async () => {
    const advised = fakeModel({
      shape,
      defaults: { policy: rows, sampler: ddimSampler(), guidance: constantGuidance(2) },
    });
    const [drawn] = await generateImages({ model: advised, requests: [image(1)] });
    expect(drawn!.steps.map(({ plan }) => plan.stage)).toEqual(['rows', 'rows', 'rows', 'rows']);
    expect(drawn!.steps.every(({ guidanceScale }) => guidanceScale === 2)).toBe(true);
    const model = fakeModel({ shape });
    const explicit = { policy: rows, sampler: ddimSampler(), guidance: 2 };
    const [same] = await generateImages({ model, requests: [image(1)], ...explicit });
    expect(same!.grid).toEqual(drawn!.grid);
    const [mar] = await generateImages({ model, requests: [image(1)] });
    const [random] = await generateImages({
      model,
      requests: [image(1)],
      policy: randomOrder({ steps: 16 }),
    });
    expect(mar!.grid).toEqual(random!.grid);
  });

  it.each<[string, object, string]>([
    [
      'a seed as text',
      { requests: [{ ...image(1), seed: '1' }] },
      'seed = 1: must be an integer from 0 to 2^53 − 1, as a number, not a string.',
    ],
    [
      'a seed as a bigint',
      { requests: [{ ...image(1), seed: 1n }] },
      'seed = 1: must be an integer from 0 to 2^53 − 1, as a number, not a bigint.',
    ],
    [
      'a seed beyond the integers',
      { requests: [image(2 ** 53)] },
      'seed = 9007199254740992: must be an integer from 0 to 2^53 − 1.',
    ],
    [
      'an image index as text',
      { requests: [{ ...image(1), imageIndex: '0' }] },
      'imageIndex = 0: must be an integer ≥ 0, as a number, not a string.',
    ],
    ['no input', { requests: [{ seed: 1 }] }, 'input = undefined: must be { classLabel }'],
    ['no requests', { requests: undefined }, 'requests = undefined: must be an array of { seed, input }.'],
    [
      'a request alone',
      { requests: image(1) },
      'requests = [object Object]: must be an array of { seed, input }.',
    ],
    [
      'a request that is missing',
      { requests: [undefined] },
      'requests[0] = undefined: must be { seed, input }.',
    ],
    ['no model', { model: undefined }, 'model = undefined: must be a loaded model'],
    ['a policy by its name', { policy: 'mar' }, 'policy = mar: must be a policy such as randomOrder()'],
    ['a sampler by its name', { sampler: 'ddim' }, 'sampler = ddim: must be a sampler'],
    [
      'guidance by its name',
      { guidance: 'linear' },
      'guidance = linear: must be a number ≥ 0, or a schedule',
    ],
    ['negative guidance', { guidance: -1 }, 'guidance = -1: must be a finite number ≥ 0.'],
    [
      'a temperature as text',
      { temperature: '1' },
      'temperature = 1: must be a finite number ≥ 0, as a number, not a string.',
    ],
  ])('says what is wrong with %s', async (_, options, message) => {
    await expect(eventsOf(options)).rejects.toMatchObject({
      code: 'invalid-option',
      message: expect.stringContaining(message),
    });
  });
});
