import { TesseraError } from '@tessera/core';
import { get } from 'svelte/store';
import { describe, expect, it } from 'vitest';
import { DEFAULT_SETTINGS } from '../settings/settings.js';
import { exampleStep } from '../testing/example-step.js';
import { Comparison, speedUp } from './comparison.js';
import { PictureRun } from './picture-run.js';
import type { FinishedRun, Run } from './step-record.js';

const picture = { width: 1, height: 1, data: new Uint8Array(3) };
const shape = { height: 1, width: 1, channels: 1 };
const finished: FinishedRun = {
  image: picture,
  grid: { shape, tokens: new Float32Array(1), known: new Uint8Array(1) },
};

async function* steps(count: number, milliseconds = 1): Run {
  for (let index = 0; index < count; index++) yield exampleStep({ index, milliseconds });
  return finished;
}

describe('making a picture', () => {
  it('tells each step and ends with the picture', async () => {
    const run = new PictureRun();
    const seen: string[] = [];
    run.state.subscribe(({ status, steps }) => seen.push(`${status} ${steps.length}`));
    await run.start(DEFAULT_SETTINGS, () => steps(2));
    expect(seen).toEqual(['idle 0', 'running 0', 'running 1', 'running 2', 'done 2']);
    expect(get(run.state).finished).toBe(finished);
    run.stop();
    expect(get(run.state).status).toBe('done');
  });

  it('stops at once and keeps what is there, even while the model is busy', async () => {
    const run = new PictureRun();
    async function* busy(signal: AbortSignal): Run {
      yield exampleStep();
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      return finished;
    }
    const ended = run.start(DEFAULT_SETTINGS, busy);
    await new Promise((resolve) => setTimeout(resolve));
    run.stop();
    expect(get(run.state)).toMatchObject({ status: 'stopped', steps: [{ index: 0 }] });
    await ended;
    expect(get(run.state).status).toBe('stopped');
  });

  it('shows nothing of a picture that another one has replaced', async () => {
    const run = new PictureRun();
    const first = run.start(DEFAULT_SETTINGS, () => steps(50));
    await run.start({ ...DEFAULT_SETTINGS, seed: 9 }, () => steps(1));
    await first;
    expect(get(run.state)).toMatchObject({ status: 'done', settings: { seed: 9 }, steps: [{}] });
  });

  it('says in a sentence why it failed', async () => {
    const run = new PictureRun();
    await run.start(DEFAULT_SETTINGS, async () => {
      throw new TesseraError('device-lost', 'gone');
    });
    const { status, failure } = get(run.state);
    expect(status).toBe('failed');
    expect(failure?.sentence).toMatch(/graphics card/);
    expect(failure?.advice).toMatch(/the model is loaded anew/);
  });
});

describe('a comparison', () => {
  const variant = (title: string) => ({ title, policy: DEFAULT_SETTINGS.policy });

  it('finishes all variants and tells how much faster each is than the first', async () => {
    const comparison = new Comparison();
    const times = [10, 5, 20];
    await comparison.start(DEFAULT_SETTINGS, [variant('a'), variant('b'), variant('c')], () =>
      steps(3, times.shift()),
    );
    const { status, variants, settings } = get(comparison.state);
    expect(status).toBe('done');
    expect(settings).toBe(DEFAULT_SETTINGS);
    expect(variants.map((each) => speedUp(variants, each))).toEqual([1, 2, 0.5]);
  });

  it('stops all variants, and knows no ratio of what is not finished', async () => {
    const comparison = new Comparison();
    async function* slow(): Run {
      await new Promise((resolve) => setTimeout(resolve));
      return yield* steps(1);
    }
    const ended = comparison.start(DEFAULT_SETTINGS, [variant('a'), variant('b')], slow);
    await new Promise((resolve) => setTimeout(resolve));
    comparison.stop();
    const { status, variants } = get(comparison.state);
    expect(status).toBe('stopped');
    expect(speedUp(variants, variants[1]!)).toBeUndefined();
    await ended;
  });
});
