import { describe, expect, it } from 'vitest';
import { EMBEDDED_FACTS } from '../model-loading/model-facts.js';
import { DEFAULT_SETTINGS } from '../settings/settings.js';
import { exampleStep } from '../testing/example-step.js';
import { pictureNews, raceNews } from './news.js';

const step = (milliseconds: number) => exampleStep({ milliseconds });

describe('what a screen reader says', () => {
  it('of a picture stays the same from step to step', () => {
    const running = { status: 'running' as const, settings: DEFAULT_SETTINGS };
    expect(pictureNews({ ...running, steps: [] }, EMBEDDED_FACTS)).toBe('Drawing a mushroom.');
    expect(pictureNews({ ...running, steps: [step(900), step(900)] }, EMBEDDED_FACTS)).toBe(
      'Drawing a mushroom.',
    );
    expect(pictureNews({ ...running, status: 'done', steps: [step(900), step(900)] }, EMBEDDED_FACTS)).toBe(
      'The mushroom is done, in 1.8 s.',
    );
    expect(pictureNews({ ...running, status: 'stopped', steps: [step(900)] }, EMBEDDED_FACTS)).toMatch(
      /stopped/,
    );
    expect(pictureNews({ status: 'idle', steps: [] }, EMBEDDED_FACTS)).toBe('');
  });

  it('of a race is its beginning and its end, with the fastest', () => {
    const lane = (title: string, ...times: number[]) => ({
      title,
      policy: DEFAULT_SETTINGS.policy,
      steps: times.map(step),
    });
    const lanes = [lane('a', 500, 500), lane('b', 300, 300)];
    expect(raceNews({ status: 'running', lanes: [] })).toBe(raceNews({ status: 'running', lanes }));
    expect(raceNews({ status: 'done', lanes })).toBe('The race is over. The fastest is b, in 600 ms.');
  });
});
