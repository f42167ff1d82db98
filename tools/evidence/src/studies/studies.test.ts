import { samplingNamed, samplingOf } from '@tessera/format';
import { describe, expect, test } from 'vitest';
import { STUDIES } from './index.js';

const ADVISED = { guidance: { schedule: 'linear' as const, scale: 3 }, temperature: 0.8, clamp: 5 };

test('there is a study of each question', () => {
  expect(STUDIES.map(({ id }) => id)).toEqual(['order', 'ablation', 'fts', 'speed', 'guidance', 'head']);
});

describe.each(STUDIES.map((study) => [study.id, study] as const))('the study %s', (_, study) => {
  const names = study.arms.map(({ name }) => name);

  test('has arms that all have a name of their own and sample in a way of their own', () => {
    expect(new Set(names).size).toBe(names.length);
    const samplings = study.arms.map(({ text }) => JSON.stringify(samplingOf(samplingNamed(text), ADVISED)));
    expect(new Set(samplings).size).toBe(names.length);
  });

  test('compares arms that it has, and every one of them', () => {
    const pairs = study.comparisons ?? names.slice(1).map((name) => [name, names[0]!]);
    for (const name of pairs.flat()) expect(names).toContain(name);
    expect([...new Set(pairs.flat())].sort()).toEqual([...names].sort());
    for (const [arm, against] of pairs) expect(arm).not.toBe(against);
    expect(new Set(pairs.map((pair) => JSON.stringify(pair))).size).toBe(pairs.length);
  });

  test('asks a question and says what was said of it before', () => {
    expect(study.question).toMatch(/\?$/);
    for (const text of [study.claim, study.method]) expect(text).toMatch(/^[A-Z].*\.$/s);
  });
});
