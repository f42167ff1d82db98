import { get } from 'svelte/store';
import { expect, it, vi } from 'vitest';
import { DEFAULT_SETTINGS } from '../settings/settings.js';
import { memoryHistory } from '../testing/memory-history.js';
import { type HistoryEntry, MOST_ENTRIES, PictureHistory } from './picture-history.js';

function entry(number: number): HistoryEntry {
  return {
    id: `picture-${number}`,
    finishedAt: number,
    model: 'tiny',
    title: 'cat',
    settings: DEFAULT_SETTINGS,
    milliseconds: 10,
    headEvaluations: 100,
    file: '00006-cat.png',
    png: new Uint8Array([number % 256]),
  };
}

const ids = (history: PictureHistory) => get(history.entries).map(({ id }) => id);

it('lists the stored pictures after a reload, newest first', async () => {
  const storage = memoryHistory();
  const history = new PictureHistory(storage);
  await history.add(entry(1));
  await history.add(entry(2));
  const reloaded = new PictureHistory(storage);
  await reloaded.loaded;
  expect(ids(reloaded)).toEqual(['picture-2', 'picture-1']);
});

it('loses no picture that is finished before the stored ones are read', async () => {
  const history = new PictureHistory(memoryHistory([entry(1)]));
  await history.add(entry(2));
  await history.loaded;
  expect(ids(history)).toEqual(['picture-2', 'picture-1']);
});

it('removes the oldest pictures beyond its limit, in the storage too', async () => {
  const storage = memoryHistory(Array.from({ length: MOST_ENTRIES }, (_, i) => entry(i)));
  const history = new PictureHistory(storage);
  await history.loaded;
  await history.add(entry(MOST_ENTRIES));
  expect(ids(history)).toHaveLength(MOST_ENTRIES);
  expect(storage.ids()).not.toContain('picture-0');
});

it('removes one picture, or all', async () => {
  const storage = memoryHistory([entry(1), entry(2), entry(3)]);
  const history = new PictureHistory(storage);
  await history.loaded;
  await history.remove('picture-2');
  expect(storage.ids()).toEqual(['picture-1', 'picture-3']);
  await history.clear();
  expect([...ids(history), ...storage.ids()]).toEqual([]);
});

it('lasts while the page is open where the browser blocks its storage', async () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  const blocked = () => Promise.reject(new DOMException('blocked', 'SecurityError'));
  const history = new PictureHistory({ load: blocked, save: blocked, remove: blocked });
  await history.loaded;
  await history.add(entry(1));
  expect(ids(history)).toEqual(['picture-1']);
  expect(warn).toHaveBeenCalledTimes(2);
  warn.mockRestore();
});
