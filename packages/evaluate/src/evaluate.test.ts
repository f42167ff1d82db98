import { constantGuidance, InvalidOptionError } from '@tessera/core';
import { NonFiniteError } from '@tessera/core/model';
import { fakeModel } from '@tessera/core/testing';
import { describe, expect, it } from 'vitest';
import { assertEvaluateOptions } from './checked-options.js';
import { evaluate } from './evaluate.js';
import type { EvaluateOptions, EvaluationProgress } from './evaluation-options.js';
import type { FeatureNetwork } from './feature-network.js';
import { memoryStore } from './testing/memory-store.js';
import { ARMS, meanColour, optionsWith, reference } from './testing/small-evaluation.js';

describe('evaluate', () => {
  it('reports plain JSON about every variant, and compares each with the first', async () => {
    const report = await evaluate(optionsWith());
    expect(JSON.parse(JSON.stringify(report))).toEqual(report);
    expect(report).toMatchObject({
      format: 'tessera-evaluation',
      n: 14,
      classes: 2,
      seed: 3,
      network: { name: 'mean colour', width: 3 },
      reference: { name: 'made up', count: 60, classAccuracy: 0.9 },
      resamples: 100,
      confidence: 0.95,
      floors: { count: 14, splits: 3 },
    });
    expect(report.arms.map(({ name, description }) => [name, description])).toEqual([
      ['random', { steps: 4 }],
      ['raster', { steps: 2 }],
    ]);
    expect(report.comparisons.map(({ arm, against, metric }) => [arm, against, metric])).toEqual([
      ['raster', 'random', 'frechet'],
      ['raster', 'random', 'kid'],
      ['raster', 'random', 'recall'],
    ]);
    for (const { metrics } of report.arms) {
      for (const { value, low, high } of [metrics.frechet, metrics.kid]) {
        expect(low).toBeLessThan(value);
        expect(value).toBeLessThan(high);
      }
      expect(Object.values(metrics.damages!).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    }
    const [random, raster] = report.arms.map(({ metrics }) => metrics);
    const [frechet] = report.comparisons;
    expect(frechet!.difference.value).toBeCloseTo(raster!.frechet.value - random!.frechet.value, 12);
  });

  it('draws the variants in turn, batch by batch, labels and noise alike', async () => {
    const store = memoryStore();
    await evaluate(optionsWith({ store }));
    expect(store.saved.map(({ arm }) => arm)).toEqual(
      Array.from({ length: 4 }, () => ['random', 'raster']).flat(),
    );
    expect(store.saved.filter(({ arm }) => arm === 'raster').flatMap(({ indices }) => indices)).toEqual([
      ...Array(14).keys(),
    ]);
  });

  it('finds no difference at all between two variants that draw the same', async () => {
    const twin = { ...ARMS[0]!, name: 'twin' };
    const { comparisons } = await evaluate(
      optionsWith({ variants: [ARMS[0]!, twin], margins: { frechet: 0, kid: 0, recall: 0 } }),
    );
    for (const { difference, verdict } of comparisons) {
      expect(difference).toEqual({ value: 0, low: 0, high: 0 });
      expect(verdict).toBe('same');
    }
  });

  it('gives the same report after any number of stops, without drawing a finished picture again', async () => {
    const whole = await evaluate(optionsWith());
    const controller = { current: new AbortController() };
    const store = memoryStore((batches) => {
      if (batches % 3 === 0) controller.current.abort(new Error('stopped'));
    });
    let report: Awaited<ReturnType<typeof evaluate>> | undefined;
    for (let sitting = 0; !report; sitting++) {
      expect(sitting).toBeLessThan(5);
      controller.current = new AbortController();
      const { signal } = controller.current;
      const run = evaluate(optionsWith({ store, signal }));
      report = await run.catch((error: unknown) => {
        expect(String(error)).toMatch(/stopped/);
        return undefined;
      });
    }
    const keys = store.saved.flatMap(({ arm, indices }) => indices.map((index) => `${arm} ${index}`));
    expect(new Set(keys).size).toBe(28);
    expect(keys).toHaveLength(28);
    expect(report).toEqual(whole);
  });

  it('takes the first n of a store that holds more', async () => {
    const store = memoryStore();
    await evaluate(optionsWith({ store }));
    const again = await evaluate(optionsWith({ store, n: 8 }));
    expect(again).toEqual(await evaluate(optionsWith({ n: 8 })));
  });

  it('counts the work: guided steps pass twice, through transformer and head', async () => {
    const guided = { ...ARMS[0]!, name: 'guided', guidance: constantGuidance(2) };
    const plain = { ...ARMS[0]!, name: 'plain', guidance: constantGuidance(1) };
    const { arms } = await evaluate(optionsWith({ variants: [plain, guided] }));
    expect(arms.map(({ passes }) => passes)).toEqual([4, 8]);
    expect(arms.map(({ headEvaluations }) => headEvaluations)).toEqual([48, 96]);
  });

  it('measures seconds an image and how many times as fast as the first variant', async () => {
    // The clock moves on with the work alone: a second for each run of the head.
    const model = fakeModel({ shape: { height: 4, width: 4, channels: 3 } });
    const { arms } = await evaluate(
      optionsWith({ model, batch: 7, clock: () => 1000 * model.calls.sampleTokens }),
    );
    expect(arms.map(({ secondsPerImage }) => secondsPerImage.median)).toEqual([4 / 7, 2 / 7]);
    expect(arms.map(({ speedup }) => speedup.median)).toEqual([1, 2]);
  });

  it('tells of its progress and lets the host yieldToEventLoop', async () => {
    const seen: EvaluationProgress[] = [];
    let pauses = 0;
    await evaluate(
      optionsWith({
        onProgress: (progress) => seen.push(progress),
        pause: async () => {
          pauses++;
        },
      }),
    );
    const last = (phase: EvaluationProgress['phase']) =>
      seen.findLast((progress) => progress.phase === phase);
    expect(last('drawing')).toMatchObject({ variant: 'raster', done: 14, total: 14 });
    expect(last('floors')).toMatchObject({ done: 3, total: 3 });
    expect(last('resampling')).toMatchObject({ variant: 'raster', done: 100, total: 100 });
    expect(pauses).toBeGreaterThan(40);
  });

  it('compares the pairs asked for', async () => {
    const { comparisons } = await evaluate(optionsWith({ compare: [['random', 'raster']] }));
    expect([...new Set(comparisons.map(({ arm, against }) => `${arm} ${against}`))]).toEqual([
      'random raster',
    ]);
  });

  it('calls nothing the same where no margin is set, and heeds each that is', async () => {
    const twin = { ...ARMS[0]!, name: 'twin' };
    const { margins, comparisons } = await evaluate(
      optionsWith({ variants: [ARMS[0]!, twin], margins: { kid: 1 } }),
    );
    expect(margins).toEqual({ frechet: null, kid: 1, recall: null });
    expect(comparisons.map(({ margin, verdict }) => [margin, verdict])).toEqual([
      [null, 'undecided'],
      [1, 'same'],
      [null, 'undecided'],
    ]);
  });

  it('leaves out what cannot be known: classes, damages, diversity', async () => {
    const { damageNames: _, ...plain } = meanColour;
    const network: FeatureNetwork = {
      ...plain,
      extract: async (images) => ({ ...(await meanColour.extract(images)), classes: null, damages: null }),
    };
    const { features, width, name } = reference;
    const report = await evaluate(optionsWith({ network, reference: { features, width, name } }));
    expect(report.arms[0]!.metrics).toMatchObject({ classAccuracy: null, damages: null, diversity: null });
    expect(report.reference).toMatchObject({ classAccuracy: null, damages: null });
  });

  it('refuses options that do not fit, before anything is drawn', async () => {
    const store = memoryStore();
    const refused = async (changes: Partial<EvaluateOptions>, what: RegExp) => {
      const error: unknown = await evaluate(optionsWith({ store, ...changes })).catch((caught) => caught);
      expect(error).toBeInstanceOf(InvalidOptionError);
      expect(String(error)).toMatch(what);
    };
    await refused({ variants: [] }, /variants/);
    await refused({ variants: [ARMS[0]!, ARMS[0]!] }, /variants/);
    await refused({ n: 3 }, /n = 3/);
    await refused({ n: 3, classes: 1 }, /n = 3: must be an integer ≥ 4/);
    await refused({ resamples: 99 }, /resamples = 99: must be an integer ≥ 100/);
    await refused({ resamples: 499, confidence: 0.99 }, /resamples = 499: must be an integer ≥ 500/);
    await refused({ batch: 0 }, /batch = 0/);
    for (const seed of [-1, 1.5]) await refused({ seed }, /seed/);
    await refused({ splits: 0 }, /splits/);
    for (const confidence of [0, 95]) await refused({ confidence }, /confidence/);
    await refused({ margins: { frechet: -1 } }, /margins.frechet/);
    const misspelt: object = { fid: 3 };
    await refused({ margins: misspelt }, /margins = fid: a metric is one of frechet, kid/);
    await refused({ compare: [['raster', 'halton']] }, /halton/);
    await refused({ compare: [['raster', 'raster']] }, /compare = raster/);
    await expect(
      evaluate(optionsWith({ store, reference: { ...reference, features: new Float32Array(10) } })),
    ).rejects.toThrow(/reference\.features/);
    expect(store.saved).toEqual([]);
  });
});

describe('assertEvaluateOptions', () => {
  it('says what evaluate would, without a store', () => {
    const { store: _, ...options } = optionsWith();
    expect(() => assertEvaluateOptions(options)).not.toThrow();
    expect(() => assertEvaluateOptions({ ...options, n: 31, splits: 1 })).not.toThrow();
    const labels = Int32Array.from({ length: 60 }, (_, k) => k);
    for (const changes of [
      { n: 3 },
      { variants: [] },
      { confidence: 95 },
      { reference: { ...reference, labels } },
    ]) {
      expect(() => assertEvaluateOptions({ ...options, ...changes })).toThrow(InvalidOptionError);
    }
    const broken = { ...reference, features: reference.features.with(5, Number.NaN) };
    expect(() => assertEvaluateOptions({ ...options, reference: broken })).toThrow(NonFiniteError);
  });
});
