import { InvalidOptionError } from '@tessera/core';
import { fakeModel } from '@tessera/core/testing';
import { describe, expect, it } from 'vitest';
import { evaluate } from './evaluate.js';
import type { EvaluateOptions, EvaluationProgress } from './evaluation-options.js';
import type { ReferencePictures } from './reference-pictures.js';
import { memoryStore } from './testing/memory-store.js';
import { meanColour, optionsWith, reference } from './testing/small-evaluation.js';

/** The first of the real pictures. */
const some = (count: number): ReferencePictures => ({
  ...reference,
  features: reference.features.slice(0, count * reference.width),
  labels: reference.labels!.slice(0, count),
});

describe('real pictures', () => {
  it('are measured before any picture is drawn', async () => {
    const phases: EvaluationProgress['phase'][] = [];
    await evaluate(optionsWith({ onProgress: ({ phase }) => phases.push(phase) }));
    expect([...new Set(phases)]).toEqual(['floors', 'drawing', 'resampling']);
    expect(phases.lastIndexOf('floors')).toBeLessThan(phases.indexOf('drawing'));
  });

  it.each<[string, Partial<EvaluateOptions>, RegExp]>([
    ['too few for any floor', { reference: some(7) }, /reference = 7 pictures: 8/],
    [
      'of classes that no part has two of',
      { reference: { ...reference, labels: Int32Array.from({ length: 60 }, (_, k) => (k < 2 ? 0 : k)) } },
      /labels of \d+ pictures of the reference = all different/,
    ],
    [
      'of classes that are all different',
      { reference: { ...reference, labels: Int32Array.from({ length: 60 }, (_, k) => k) } },
      /labels of the reference = all different/,
    ],
  ])('are refused before anything is drawn where they are %s', async (_, changes, what) => {
    const model = fakeModel({ shape: { height: 4, width: 4, channels: 3 } });
    const store = memoryStore();
    const error: unknown = await evaluate(optionsWith({ model, store, ...changes })).catch(
      (caught) => caught,
    );
    expect(error).toBeInstanceOf(InvalidOptionError);
    expect(String(error)).toMatch(what);
    expect([model.calls.condition, store.saved]).toEqual([0, []]);
  });

  it('may be fewer than twice n: the report says of how many the floors are', async () => {
    const { floors } = await evaluate(optionsWith({ reference: some(20) }));
    expect(floors.count).toBe(10);
  });

  it('let the host yieldToEventLoop between rows, and stop, while they are measured', async () => {
    const pausesBefore = async (row: (progress: EvaluationProgress) => boolean): Promise<number> => {
      let pauses = 0;
      let counted: number | undefined;
      await evaluate(
        optionsWith({
          pause: async () => {
            pauses++;
          },
          onProgress(progress) {
            if (progress.phase === 'drawing') pauses = 0;
            if (row(progress)) counted ??= pauses;
          },
        }),
      );
      return counted!;
    };
    // The clock shows the time to pause at every other look: sixty rows are thirty pauses.
    expect(await pausesBefore(({ phase, done }) => phase === 'floors' && done === 1)).toBeGreaterThan(60);
    expect(await pausesBefore(({ phase, done }) => phase === 'resampling' && done > 0)).toBeGreaterThan(14);

    const controller = new AbortController();
    const store = memoryStore();
    const stopped = evaluate(
      optionsWith({
        store,
        signal: controller.signal,
        pause: async () => controller.abort(new Error('stopped')),
      }),
    );
    await expect(stopped).rejects.toThrow('stopped');
    expect(store.saved).toEqual([]);
  });
});

describe('precision and recall', () => {
  it('are of equally many pictures where a variant has more than there are real ones', async () => {
    // Real pictures that are a variant's own first ones, so that as many of the variant's cover them and no more.
    const drawn = memoryStore();
    await evaluate(optionsWith({ store: drawn }));
    const pictures = await drawn.load({ name: 'random', description: null });
    const own: ReferencePictures = {
      name: 'own',
      width: meanColour.width,
      features: Float32Array.from(pictures.slice(0, 8).flatMap(({ features }) => [...features])),
    };
    const { arms } = await evaluate(optionsWith({ reference: own }));
    expect(arms[0]!.metrics).toMatchObject({ precision: 1, recall: 1 });
  });
});
