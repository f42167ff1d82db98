import { expect, test } from 'vitest';
import { assertEnoughReal } from './enough-real.js';

const real = (count: number) => ({ name: 'some', width: 1, features: new Float32Array(count) });

test('fewer pictures are advised only where they can be measured', () => {
  expect(() => assertEnoughReal(real(54), 48, { classes: 12 })).toThrow(
    'Give more by --real, set both margins by --margin FRECHET,KID, or take --n 27.',
  );
  expect(() => assertEnoughReal(real(12), 48, { classes: 12 })).toThrow(
    'Give more by --real or set both margins by --margin FRECHET,KID.',
  );
});

test('what is enough, or needs no margins, is not refused', () => {
  expect(() => assertEnoughReal(real(96), 48, { classes: 12 })).not.toThrow();
  expect(() => assertEnoughReal(real(12), 48, { classes: 12, margins: [1, 1] })).not.toThrow();
});
