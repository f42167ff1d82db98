import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSpec } from './parse-spec.js';
import { decimal, listOf, oneOf } from './value-kinds.js';

const WORDS = ['one', 'two', 'guidance', 'e'] as const;

test.each(['+', ','])('a list is read as it is printed, and joined by %s', (joint) => {
  const words = listOf(oneOf(...WORDS), 1, 9);
  const numbers = listOf(decimal(0), 1, 9);
  const read = <Value>(kind: typeof words | typeof numbers, values: Value[]) =>
    kind.parse(values.map((value) => `${value}`).join(joint));
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 9 }), (values) => {
      expect(words.parse(words.print(values))).toEqual(values);
      expect(read(words, values)).toEqual(values);
    }),
  );
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1e300, noNaN: true }), { minLength: 1, maxLength: 9 }),
      (given) => {
        const values = given.map((value) => value + 0);
        expect(numbers.parse(numbers.print(values))).toEqual(values);
        expect(read(numbers, values)).toEqual(values);
      },
    ),
  );
});

test('parts of LazyMAR are read, whatever their last letter', () => {
  for (const parts of [['guidance'], ['guidance', 'tokens'], ['tokens', 'guidance', 'head']])
    expect(parseSpec(`lazymar/lazy-parts=${parts.join('+')}`).reuse).toMatchObject({ parts });
});
