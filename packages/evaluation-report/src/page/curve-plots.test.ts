import { expect, test } from 'vitest';
import type { Curves } from '../study/study.js';
import { SAMPLE_EVALUATION } from '../testing/sample-evaluation.js';
import { curvePlots } from './curve-plots.js';

const [left, right] = SAMPLE_EVALUATION.arms as [Arm, Arm];
type Arm = (typeof SAMPLE_EVALUATION.arms)[number];

const ONE: Curves[number] = {
  title: 'Order',
  lines: [
    {
      points: [
        ['1', left.name],
        ['2', right.name],
      ],
    },
  ],
};

/** The panels' titles with their places, and the points of each line. */
function drawn(curves: Curves, width = 920) {
  const { markup } = curvePlots(SAMPLE_EVALUATION, curves, { width });
  const titles = [...markup.matchAll(/class="title" x="([\d.]+)" y="([\d.]+)"/g)];
  const lines = [...markup.matchAll(/points="([^"]*)"/g)];
  return {
    markup,
    places: titles.map(([, x, y]) => [Number(x), Number(y)]),
    lines: lines.map(([, points]) => points!.split(' ').map((point) => point.split(',').map(Number))),
  };
}

test('a line goes through its variants from left to right, each at its distance', () => {
  const { markup, lines } = drawn([ONE]);
  const [[first, second]] = lines as [[number[], number[]]];
  expect(second![0]).toBeGreaterThan(first![0]!);
  const higher = left.metrics.frechet.value - right.metrics.frechet.value;
  expect(Math.sign(second![1]! - first![1]!)).toBe(Math.sign(higher));
  expect(markup).toContain(`>${left.name}: Fréchet distance`);
});

test('panels of one line stand in twos, one of several takes a row, and so does each where it is narrow', () => {
  const several = { title: 'Both', lines: [ONE.lines[0]!, { ...ONE.lines[0]!, name: 'again' }] };
  const places = drawn([ONE, several, ONE, ONE]).places;
  expect(places.map(([x]) => x)).toEqual([0, 0, 0, 474]);
  const [one, two, three, four] = places.map(([, y]) => y!);
  expect([one! < two!, two! < three!, three === four]).toEqual([true, true, true]);
  const narrow = drawn([ONE, ONE], 360).places;
  expect(narrow.map(([x]) => x)).toEqual([0, 0]);
});

test('names of lines that end at one place stand below each other', () => {
  const named = (name: string) => ({ ...ONE.lines[0]!, name });
  const { markup } = drawn([{ title: 'Both', lines: [named('a'), named('b')] }]);
  const [a, b] = [...markup.matchAll(/class="name" x="[\d.]+" y="([\d.]+)"/g)].map(([, y]) => Number(y));
  expect(b! - a!).toBe(15);
});
