import { duration } from '../format-numbers.js';
import type { ModelFacts } from '../model-loading/model-facts.js';
import { conditionPhrase } from '../settings/condition.js';
import type { ComparisonState } from './comparison.js';
import type { PictureState } from './picture-run.js';
import { totals } from './step-record.js';

/** What a screen reader says of a picture: that it begins and how it ends, not each step. A failure says itself. */
export function pictureStatus({ status, settings, steps }: PictureState, facts: ModelFacts): string {
  switch (status) {
    case 'running':
      return `Drawing ${settings ? conditionPhrase(settings.condition, facts) : 'a picture'}.`;
    case 'done':
      return `The picture is done, in ${duration(totals(steps).milliseconds)}.`;
    case 'stopped':
      return 'The drawing was stopped.';
    default:
      return '';
  }
}

/** The same of a race. */
export function raceStatus({ status, variants }: ComparisonState): string {
  switch (status) {
    case 'running':
      return 'The race begins.';
    case 'done': {
      const times = variants.map(({ title, steps }) => ({ title, time: totals(steps).milliseconds }));
      const fastest = times.reduce((best, each) => (each.time < best.time ? each : best));
      return `The race is over. The fastest is ${fastest.title}, in ${duration(fastest.time)}.`;
    }
    case 'stopped':
      return 'The race was stopped.';
    default:
      return '';
  }
}
