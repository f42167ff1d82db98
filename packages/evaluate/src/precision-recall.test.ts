import { InvalidOptionError } from '@tessera/core';
import { ShapeMismatchError } from '@tessera/core/model';
import { describe, expect, it } from 'vitest';
import { manifoldOf, precisionAndRecall } from './precision-recall.js';
import { normalFeatures } from './testing/synthetic-features.js';

const AXES = [1, 1].map((deviation) => ({ mean: 0, deviation }));

describe('manifoldOf', () => {
  it('reaches from every picture to its k-th nearest other one', () => {
    const { radii } = manifoldOf(Float32Array.of(0, 1, 3, 7, 15), 1, { neighbours: 2 });
    expect([...radii]).toEqual([9, 4, 9, 36, 144]);
  });

  it('counts copies of a picture as neighbours', () => {
    const { radii } = manifoldOf(Float32Array.of(2, 2, 5), 1, { neighbours: 1 });
    expect([...radii]).toEqual([0, 0, 9]);
  });

  it('needs more pictures than neighbours', () => {
    expect(() => manifoldOf(Float32Array.of(1, 2, 3), 1)).toThrow(InvalidOptionError);
  });
});

describe('precisionAndRecall', () => {
  const real = manifoldOf(normalFeatures(1, 150, AXES), 2);

  it('are 1 for the real pictures themselves and 0 for others far away', () => {
    expect(precisionAndRecall(real, real)).toEqual({ precision: 1, recall: 1 });
    const away = manifoldOf(
      normalFeatures(2, 150, AXES).map((value) => value + 100),
      2,
    );
    expect(precisionAndRecall(away, real)).toEqual({ precision: 0, recall: 0 });
  });

  it('are counted by hand in one dimension', () => {
    // Spheres: real 0 ± 1, 1 ± 1, 3 ± 2; generated 2 ± 2, 4 ± 2, 9 ± 5.
    const few = manifoldOf(Float32Array.of(0, 1, 3), 1, { neighbours: 1 });
    const generated = manifoldOf(Float32Array.of(2, 4, 9), 1, { neighbours: 1 });
    expect(precisionAndRecall(generated, few)).toEqual({ precision: 2 / 3, recall: 1 });
  });

  it('tell a sampler that draws little of what there is by its recall alone', () => {
    const narrow = manifoldOf(
      normalFeatures(3, 150, AXES).map((value) => value / 20),
      2,
    );
    const { precision, recall } = precisionAndRecall(narrow, real);
    expect(precision).toBeGreaterThan(0.95);
    expect(recall).toBeLessThan(0.1);
  });

  it('tell a sampler that strays by its precision', () => {
    const wide = manifoldOf(
      normalFeatures(3, 150, AXES).map((value) => value * 5),
      2,
    );
    const { precision, recall } = precisionAndRecall(wide, real);
    expect(precision).toBeLessThan(0.3);
    expect(recall).toBeGreaterThan(0.8);
  });

  it('refuse pictures of another width', () => {
    const narrow = manifoldOf(Float32Array.of(1, 2, 3, 4, 5), 1);
    expect(() => precisionAndRecall(narrow, real)).toThrow(ShapeMismatchError);
    expect(() => precisionAndRecall(real, narrow)).toThrow(ShapeMismatchError);
  });
});
