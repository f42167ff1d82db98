import { expect, it } from 'vitest';
import { plainData } from './plain-data.js';

const isPlain = (value: unknown): value is object =>
  Array.isArray(value) || Object.prototype.toString.call(value) === '[object Object]';

/** What Vue's `reactive` does: plain objects and arrays come out as proxies, however deep. */
function reactive<T extends object>(value: T): T {
  return new Proxy(value, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      return isPlain(member) ? reactive(member) : member;
    },
  });
}

it('makes proxies of plain data ready to be posted, at any depth', () => {
  const data = { label: 3, words: ['a', { b: 1 }], tokens: Float32Array.of(1, 2), nothing: null };
  expect(() => structuredClone(reactive(data))).toThrow();
  expect(structuredClone(plainData(reactive(data)))).toEqual(data);
});

it('passes on what is no plain data', () => {
  const tokens = new Float32Array(2);
  const port = new MessageChannel().port1;
  const copy = plainData({ tokens, port, none: undefined });
  expect([copy.tokens, copy.port, copy.none]).toEqual([tokens, port, undefined]);
  expect(copy.tokens).toBe(tokens);
  port.close();
});
