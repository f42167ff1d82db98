import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseSpec, resolveSampling, samplingSteps } from '@tessera/format';
import { expect, test } from 'vitest';
import { drawInFolder } from '../evaluate-in-folder.js';
import { EvaluationRequestError } from '../evaluation-request-error.js';
import { FAKE_MANIFEST } from '../testing/fake-loaded-model.js';
import { fakeRecorded } from '../testing/fake-recorded.js';
import { type FakeRun, fakeRun } from '../testing/fake-run.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import type { SearchSpace } from './search-space.js';
import { type TuneOptions, tune } from './tune.js';
import { tuningFindings, writeTuning } from './write-tuning.js';

const SPACE: SearchSpace = {
  format: 'tessera-search-space',
  version: 1,
  always: ['mar:1x2', 'mar:2x2'],
  specs: ['raster:{steps}x2{guidance}'],
  choices: { steps: ['1', '2', '3'], guidance: ['', '/guidance=off'] },
};

/** A clock by which every look takes a hundredth of a second. */
function steadyClock(): () => number {
  let now = 0;
  return () => (now += 10);
}

function optionsFor(run: FakeRun, folder: string, changes: Partial<TuneOptions> = {}): TuneOptions {
  const spec = 'mar:6x4';
  return {
    ...run,
    goal: { kind: 'same-as' },
    reference: { name: spec, sampling: resolveSampling(parseSpec(spec), FAKE_MANIFEST.sampling) },
    space: SPACE,
    candidates: 6,
    n: 30,
    within: 1e6,
    seed: 3,
    batch: 12,
    folder,
    // So wide that anything is the same.
    margins: { frechet: 1e9, kid: 1e9, recall: 1 },
    clock: steadyClock(),
    // As if each step took a millisecond, so that nothing hangs on the machine's load.
    time: async (variants) => ({
      ...{ pictures: 3, threads: 1, machine: { processor: 'none', cores: 1 } },
      variants: variants.map(({ name, sampling }) => {
        const seconds =
          samplingSteps(sampling) / 1000 + (sampling.guidance.schedule === 'constant' ? 0 : 1e-4);
        const quartiles = { lower: seconds, median: seconds, upper: seconds };
        return { name, secondsPerImage: quartiles, speedup: quartiles };
      }),
    }),
    signal: new AbortController().signal,
    command: 'tessera tune',
    ...changes,
  };
}

test('the fastest of those that are the same is confirmed by fresh seeds and other real pictures', async () => {
  const [folder, run] = [await temporaryFolder(), await fakeRun()];
  const lines: string[] = [];
  const outcome = await tune(optionsFor(run, folder, { onLine: (line) => lines.push(line) }));
  const { tuning, evaluation } = outcome;
  const [confirmation] = tuning.confirmations;
  expect(confirmation).toMatchObject({ verdict: 'same', n: 30, seed: 1_000_006, spec: tuning.winner });
  expect(tuning.candidates.map(({ rounds }) => rounds)).toEqual([2, 2, 2, 1, 1, 1]);
  expect(confirmation!.speedup).toBe(
    Math.max(...tuning.candidates.slice(0, 3).map(({ speedup }) => speedup)),
  );
  expect(evaluation!.document.reference).toMatchObject({ name: 'the other half of numbers', count: 30 });
  expect(lines.join(' ')).toMatch(
    /timed 6 samplings.* round 1: 6 candidates.* round 2: 3 .* confirmation of/,
  );
  const written = await writeTuning(folder, outcome, {
    subjects: outcome.subjects,
    scale: 1,
  });
  expect(await readFile(written.sampler!, 'utf8')).toBe(`${tuning.winner}\n`);
  const page = await readFile(written.report, 'utf8');
  expect(page).toContain('Confirmed the same, by 30 pictures of seed 1000006');
  for (const text of [page, await readFile(written.curve, 'utf8')])
    expect(text).not.toMatch(/undefined|NaN|\[object/);
  expect(await readdir(join(folder, 'confirmation'))).toContain('report.html');
  expect(parseSpec(tuning.winner!)).toMatchObject(
    tuning.winner!.startsWith('mar') ? { policy: { order: 'random' } } : {},
  );
});

test('nothing is the same where no margin allows it, and that is said', async () => {
  const [folder, run] = [await temporaryFolder(), await fakeRun()];
  const none = { frechet: 0, kid: 0, recall: 0 };
  const { tuning } = await tune(optionsFor(run, folder, { margins: none }));
  expect(tuning.confirmations.length).toBeGreaterThan(0);
  for (const { verdict } of tuning.confirmations) expect(['worse', 'undecided', 'better']).toContain(verdict);
  expect(tuningFindings(tuning).join(' ')).not.toContain('Confirmed the same');
});

test('a search that is stopped goes on where it was', async () => {
  const [folder, run] = [await temporaryFolder(), await fakeRun()];
  const controller = new AbortController();
  let batches = 0;
  const stopped = tune(
    optionsFor(run, folder, {
      signal: controller.signal,
      onProgress: ({ phase }) =>
        phase === 'drawing' && ++batches === 9 && controller.abort(new Error('enough')),
    }),
  );
  await expect(stopped).rejects.toThrow('enough');
  const before = run.drawn();
  const { tuning } = await tune(optionsFor(run, folder));
  const whole = await fakeRun();
  const other = await tune(optionsFor(whole, await temporaryFolder()));
  // Nothing is timed or drawn twice.
  expect(run.drawn()).toBeLessThanOrEqual(whole.drawn());
  expect(run.drawn()).toBeGreaterThan(before);
  expect(tuning.candidates.map(({ n }) => n)).toEqual(other.tuning.candidates.map(({ n }) => n));
});

test('the time bounds the search, and what was not confirmed is told as such', async () => {
  const [folder, run] = [await temporaryFolder(), await fakeRun()];
  const { tuning, evaluation } = await tune(optionsFor(run, folder, { within: 1e-3 }));
  expect(tuning.candidates.every(({ rounds }) => rounds === 1)).toBe(true);
  expect([tuning.confirmations, tuning.winner, evaluation]).toEqual([[], null, undefined]);
  expect(tuning.notes.join(' ')).toMatch(/ended before round 2.*No time was left to confirm/);
});

test('a confirmation draws of the reference no more than is looked at, where the rest comes with the network', async () => {
  const count = 60;
  const confirmed = async (run: FakeRun): Promise<number> => {
    const { tuning } = await tune(optionsFor(run, await temporaryFolder(), { n: count }));
    expect(tuning.confirmations).toMatchObject([{ n: count, verdict: 'same' }]);
    return run.drawn();
  };
  const drawn = await confirmed(await fakeRun());

  const [run, other] = [await fakeRun(), await fakeRun()];
  const { reference, seed, ...options } = optionsFor(other, await temporaryFolder());
  const fresh = seed + 1_000_003;
  const { loaded } = run.measuring;
  const [pictures] = await drawInFolder({
    ...options,
    ...{ loaded, variants: [reference], n: count, seed: fresh },
  });
  const recorded = fakeRecorded(run.used, reference, fresh, pictures!);
  const measuring = { ...run.measuring, loaded: { ...loaded, recorded: [recorded] } };
  expect(await confirmed({ ...run, measuring })).toBe(drawn - (count - 48));
});

test('a budget leaves what is fast enough, and refuses what nothing reaches', async () => {
  const run = await fakeRun();
  const within = async (seconds: number) =>
    tune(optionsFor(run, await temporaryFolder(), { goal: { kind: 'budget', seconds } }));
  const { tuning } = await within(0.0015);
  expect(tuning.candidates.filter(({ rounds }) => rounds === 0)).toHaveLength(4);
  expect(tuning.winner).toBe(tuning.confirmations[0]!.spec);
  await expect(within(1e-9)).rejects.toThrow(EvaluationRequestError);
});

test('without a network agreement with the reference judges, which never calls anything the same', async () => {
  const [folder, { used }] = [await temporaryFolder(), await fakeRun()];
  const { measuring: _, ...options } = optionsFor(await fakeRun(), folder);
  const outcome = await tune({ ...options, used });
  const { tuning } = outcome;
  for (const { agreement, comparisons } of tuning.candidates) {
    expect(comparisons).toBeUndefined();
    expect(agreement!.value).toBeLessThanOrEqual(1);
  }
  expect(tuning.confirmations).toMatchObject([{ verdict: 'undecided', agreement: expect.anything() }]);
  expect(tuningFindings(tuning)[0]).toContain("agreement can't tell");
  const written = await writeTuning(folder, outcome, { subjects: outcome.subjects, scale: 1 });
  expect(await readFile(written.curve, 'utf8')).toContain('Agreement with the reference');
});
