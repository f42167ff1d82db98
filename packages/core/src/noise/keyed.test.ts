import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InvalidOptionError } from '../errors.js';
import { keyedNoise } from './keyed.js';
import type { NoiseSource } from './source.js';

const token = (source: NoiseSource, position: number, step: number, channels = 8) =>
  source.tokenNormal(position, step, new Float32Array(channels));
const bitsOf = (values: Float32Array) => new Uint32Array(values.buffer);
const safe = fc.maxSafeNat();
const element = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 9 }),
  fc.integer(),
  fc.double({ noNaN: true }).filter((value) => !Object.is(value, -0)),
);

// The expected bits below were computed by an independent implementation with 40-digit quantiles.

test('a token’s normals have these exact bits', () => {
  const bits = bitsOf(token(keyedNoise({ seed: 2026, image: 7 }), 37, 5, 6));
  expect([...bits]).toEqual([0x403c3463, 0xbcb1f3e2, 0x3f7b3e09, 0x3fd220af, 0xbd981301, 0x3f89f25a]);
});

test('the bits of 32,768 normals have this hash', () => {
  const source = keyedNoise({ seed: 0 });
  let hash = 0x811c9dc5;
  for (let position = 0; position < 256; position++) {
    for (let step = 0; step < 8; step++) {
      for (const word of bitsOf(token(source, position, step, 16))) hash = Math.imul(hash ^ word, 0x01000193);
    }
  }
  expect(hash >>> 0).toBe(0xac840404);
});

test('all 53 bits of a seed and of an image index make the key', () => {
  const source = keyedNoise({ seed: 2 ** 53 - 1, image: 2 ** 40 + 5 });
  expect(source.key).toEqual([0x84e227ac, 0x4331c8f9]);
});

test('a fork by text and numbers has this key and this stream', () => {
  const fork = keyedNoise({ seed: 2026, image: 7 }).fork('policy', 3, -0.5, 'ab€cd');
  expect(fork.key).toEqual([0xc97da1fc, 0xa2104bdb]);
  const words = [0xe86e9a15, 0x6be3323e, 0x1d4d1401, 0xf9fec267];
  expect(words.map(() => fork.uniform())).toEqual(words.map((word) => (word + 0.5) / 2 ** 32));
});

test('a token’s noise does not depend on what else was drawn, or in which order', () => {
  const draw = fc.record({ position: fc.nat(4095), step: fc.nat(1000) });
  fc.assert(
    fc.property(safe, fc.array(draw, { minLength: 1, maxLength: 20 }), (seed, draws) => {
      const busy = keyedNoise({ seed });
      const shuffled = draws.toReversed().map(({ position, step }) => {
        busy.uniform();
        busy.fork('other').normal(new Float32Array(3));
        return token(busy, position, step);
      });
      const alone = draws.map(({ position, step }) => token(keyedNoise({ seed }), position, step));
      expect(shuffled.toReversed()).toEqual(alone);
    }),
  );
});

test('fewer channels are a prefix of more', () => {
  const source = keyedNoise({ seed: 1 });
  expect(token(source, 3, 4, 5)).toEqual(token(source, 3, 4, 16).slice(0, 5));
});

test('a source is rebuilt from its key, as JSON, with its stream at the start', () => {
  fc.assert(
    fc.property(safe, fc.array(element, { minLength: 1, maxLength: 4 }), (seed, path) => {
      const source = keyedNoise({ seed }).fork(...path);
      const key: [number, number] = JSON.parse(JSON.stringify(source.key));
      const rebuilt = keyedNoise(key);
      expect(token(rebuilt, 9, 9)).toEqual(token(source, 9, 9));
      expect(rebuilt.normal(new Float32Array(6))).toEqual(source.normal(new Float32Array(6)));
    }),
  );
});

test('different paths of forks have different keys', () => {
  const path = fc.array(element, { minLength: 1, maxLength: 4 });
  const same = (a: unknown[], b: unknown[]) =>
    a.length === b.length && a.every((one, i) => Object.is(one, b[i]));
  fc.assert(
    fc.property(path, path, (a, b) => {
      fc.pre(!same(a, b));
      const root = keyedNoise({ seed: 5 });
      expect(root.fork(...a).key).not.toEqual(root.fork(...b).key);
    }),
    { numRuns: 1000 },
  );
});

test('text is told from numbers, and parts from the whole', () => {
  const root = keyedNoise({ seed: 5 });
  const paths = [
    ['a', 'b'],
    ['ab'],
    ['ab\0'],
    ['', 'ab'],
    ['ab', ''],
    ['1'],
    [1],
    [1.5],
    [-1],
    [2 ** 32 + 1],
  ];
  const keys = paths.map((path) => root.fork(...path).key?.join());
  expect(new Set([...keys, root.key.join()]).size).toBe(paths.length + 1);
});

test('forking in two goes is forking by the whole path', () => {
  const root = keyedNoise({ seed: 5 });
  expect(root.fork('policy').fork(3).key).toEqual(root.fork('policy', 3).key);
});

test('forking does not advance the stream, and a fork’s stream is its own', () => {
  const source = keyedNoise({ seed: 5 });
  const first = source.uniform();
  const fork = source.fork('x');
  fork.uniform();
  const second = source.uniform();
  const fresh = keyedNoise({ seed: 5 });
  expect([fresh.uniform(), fresh.uniform()]).toEqual([first, second]);
});

test('the image index is 0 unless given', () => {
  expect(keyedNoise({ seed: 8 }).key).toEqual(keyedNoise({ seed: 8, image: 0 }).key);
});

test.each([-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY])(
  'seed and image index %d are refused',
  (bad) => {
    expect(() => keyedNoise({ seed: bad })).toThrow(InvalidOptionError);
    expect(() => keyedNoise({ seed: 0, image: bad })).toThrow(InvalidOptionError);
  },
);

test('a key of other than 32-bit words, a nameless fork and a position below 0 are refused', () => {
  expect(() => keyedNoise([1, 2 ** 32])).toThrow(InvalidOptionError);
  expect(() => keyedNoise([1] as never)).toThrow('key [2]');
  expect(() => keyedNoise({} as never)).toThrow(InvalidOptionError);
  expect(() => keyedNoise({ seed: 0 }).fork()).toThrow(InvalidOptionError);
  expect(() => keyedNoise({ seed: 0 }).fork(Number.NaN)).toThrow(InvalidOptionError);
  expect(() => token(keyedNoise({ seed: 0 }), -1, 0)).toThrow(InvalidOptionError);
});
