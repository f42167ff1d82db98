import { describe, expect, it } from 'vitest';
import { EMBEDDED_FACTS } from '../model-loading/model-facts.js';
import { ADVISED } from '../settings/settings.js';
import { exampleStep } from '../testing/example-step.js';
import { pictureStatus, raceStatus } from './status-text.js';

const step = (milliseconds: number) => exampleStep({ milliseconds });

describe('what a screen reader says', () => {
  it('of a picture stays the same from step to step', () => {
    const running = { status: 'running' as const, settings: ADVISED.class };
    expect(pictureStatus({ ...running, steps: [] }, EMBEDDED_FACTS.class)).toBe('Drawing a mushroom.');
    expect(pictureStatus({ ...running, steps: [step(900), step(900)] }, EMBEDDED_FACTS.class)).toBe(
      'Drawing a mushroom.',
    );
    expect(
      pictureStatus({ ...running, status: 'done', steps: [step(900), step(900)] }, EMBEDDED_FACTS.class),
    ).toBe('The picture is done, in 1.8 s.');
    expect(
      pictureStatus({ ...running, status: 'stopped', steps: [step(900)] }, EMBEDDED_FACTS.class),
    ).toMatch(/stopped/);
    expect(pictureStatus({ status: 'idle', steps: [] }, EMBEDDED_FACTS.class)).toBe('');
  });

  it('of a race is its beginning and its end, with the fastest', () => {
    const variant = (title: string, ...times: number[]) => ({
      title,
      policy: ADVISED.class.policy,
      steps: times.map(step),
    });
    const variants = [variant('a', 500, 500), variant('b', 300, 300)];
    expect(raceStatus({ status: 'running', variants: [] })).toBe(raceStatus({ status: 'running', variants }));
    expect(raceStatus({ status: 'done', variants })).toBe('The race is over. The fastest is b, in 600 ms.');
  });
});
