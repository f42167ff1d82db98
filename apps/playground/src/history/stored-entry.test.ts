import { expect, it } from 'vitest';
import { ADVISED } from '../settings/settings.js';
import { entryOfStored } from './stored-entry.js';

it('an entry that was stored when all models took classes comes back as one of a class', () => {
  const { condition, redrawn: _, ...settings } = ADVISED.class;
  const same = {
    ...{ id: 'a', finishedAt: 1, model: 'tiny', milliseconds: 10, headEvaluations: 100 },
    ...{ file: '00003-mushroom.png', png: new Uint8Array([1]) },
  };
  const entry = { ...same, title: 'mushroom', settings: { condition, ...settings, redrawn: 0 } };
  expect(entryOfStored({ ...same, className: 'mushroom', settings: { classLabel: 3, ...settings } })).toEqual(
    entry,
  );
  expect(entryOfStored(entry)).toEqual(entry);
});

it('an entry that was stored before tokens could be drawn again has none drawn again', () => {
  const { redrawn: _, rounds: __, sampler: ___, ...settings } = ADVISED.text;
  const stored = {
    ...{ id: 'a', finishedAt: 1, model: 'tiny-text', milliseconds: 10, headEvaluations: 100 },
    ...{ file: 'a-fox.png', png: new Uint8Array([1]), title: 'a fox', settings },
  };
  expect(entryOfStored(stored).settings).toEqual({
    ...settings,
    sampler: 'ancestral',
    redrawn: 0,
    rounds: 2,
  });
});
