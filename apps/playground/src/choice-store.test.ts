import { expect, it } from 'vitest';
import { choiceStore } from './choice-store.js';

const throws = (): never => {
  throw new DOMException('Denied.', 'SecurityError');
};

it('a choice is kept in memory where the browser blocks its storage, or has no room left', () => {
  const blocked = choiceStore(throws);
  expect(blocked.getItem('a')).toBeNull();
  blocked.setItem('a', '1');
  expect(blocked.getItem('a')).toBe('1');

  const kept = new Map([['a', 'old']]);
  const full = choiceStore(() => ({ getItem: (key) => kept.get(key) ?? null, setItem: throws }));
  full.setItem('a', 'new');
  expect(full.getItem('a')).toBe('new');
});

it('a choice goes to the storage where there is one', () => {
  const kept = new Map<string, string>();
  const storage = { getItem: (key: string) => kept.get(key) ?? null, setItem: kept.set.bind(kept) };
  const store = choiceStore(() => storage);
  store.setItem('a', '1');
  expect(kept.get('a')).toBe('1');
  kept.set('a', '2');
  expect(store.getItem('a')).toBe('2');
});
