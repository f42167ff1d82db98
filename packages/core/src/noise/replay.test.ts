import { expect, test } from 'vitest';
import { ShapeMismatchError, TesseraError } from '../errors.js';
import { keyedNoise } from './keyed.js';
import { replayNoise } from './replay.js';

test('a recording that fills the given array and one that returns its own are told alike, through forks too', () => {
  const recorded = keyedNoise({ seed: 3 });
  const filling = replayNoise((position, step, out) => recorded.tokenNormal(position, step, out));
  const returning = replayNoise((position, step) =>
    recorded.tokenNormal(position, step, new Float32Array(5)),
  );
  for (const source of [filling, returning, returning.fork('policy', 1)]) {
    expect(source.tokenNormal(7, 2, new Float32Array(5))).toEqual(
      recorded.tokenNormal(7, 2, new Float32Array(5)),
    );
  }
});

test('the recording itself is never handed out', () => {
  const row = Float32Array.of(1, 2);
  const out = replayNoise(() => row).tokenNormal(0, 0, new Float32Array(2));
  out[0] = 9;
  expect(row[0]).toBe(1);
});

test('a recorded row of another width is refused', () => {
  const source = replayNoise(() => new Float32Array(3));
  expect(() => source.tokenNormal(0, 0, new Float32Array(4))).toThrow(ShapeMismatchError);
});

test('a recording has neither a stream nor a key', () => {
  const source = replayNoise((_position, _step, out) => out);
  expect(source.key).toBeUndefined();
  for (const draw of [() => source.uniform(), () => source.normal(new Float32Array(1))]) {
    expect(draw).toThrow(TesseraError);
    expect(draw).toThrow(/no stream/);
  }
});
