import { expect, it } from 'vitest';
import { proxyModel } from './proxy-model.js';

class Counter {
  readonly name = 'counter';
  #count = 0;
  increase(): number {
    return ++this.#count;
  }
  reset(): string {
    this.#count = 0;
    return 'reset';
  }
}

it('replaces members and leaves all others to the model, private state included', () => {
  const counter = new Counter();
  const proxy = proxyModel(counter, { reset: () => 'refused', extra: () => counter.increase() });
  expect([proxy.name, proxy.increase(), proxy.extra(), proxy.reset(), counter.increase()]).toEqual([
    'counter',
    1,
    2,
    'refused',
    3,
  ]);
  expect(counter.reset()).toBe('reset');
  expect(['name', 'extra', 'missing'].map((key) => key in proxy)).toEqual([true, true, false]);
  expect(proxy).toBeInstanceOf(Counter);
});
