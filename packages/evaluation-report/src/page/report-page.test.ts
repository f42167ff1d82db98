import { expect, test } from 'vitest';
import { SAMPLE_EVALUATION } from '../testing/sample-evaluation.js';
import { variantLines } from '../variant-lines.js';
import { forestPlot } from './forest-plot.js';
import { plotFile } from './plot-file.js';
import { reportPage } from './report-page.js';
import { speedQualityPlot } from './speed-quality-plot.js';

const names = SAMPLE_EVALUATION.arms.map(({ name }) => name);
const lines = variantLines(SAMPLE_EVALUATION);
const png = Uint8Array.of(137, 80, 78, 71);
const page = reportPage({
  document: SAMPLE_EVALUATION,
  pictures: names.map(() => Array.from({ length: 14 }, (_, i) => ({ png, className: `class ${i}` }))),
});
/** What a reader sees of it. */
const text = page.replace(/<style>[\s\S]*?<\/style>/g, '').replace(/<[^>]*>/g, '');

test('the page names every variant, says what it is, and shows its pictures', () => {
  for (const name of names) {
    expect(text).toContain(name);
    expect(text).toContain(lines.own[names.indexOf(name)]);
    expect(page.split(`by ${name}"`)).toHaveLength(14 + 1);
  }
  expect(text).toContain('2 more');
  expect(page).toContain('src="data:image/png;base64,iVBORw=="');
});

test('the page gives every verdict with its word', () => {
  for (const verdict of ['same', 'undecided', 'better', 'worse']) {
    expect(page).toContain(`<td class="word">${verdict}</td>`);
  }
});

test('the page says how many of its intervals miss by chance', () => {
  expect(text).toContain('These are 8 intervals, each at 95 %: about 0.4 of them');
  const comparisons = SAMPLE_EVALUATION.comparisons.slice(0, 2);
  const single = reportPage({ document: { ...SAMPLE_EVALUATION, comparisons }, pictures: [] });
  expect(single).not.toContain('by chance alone');
});

test('the page tells the set-up and the command', () => {
  for (const part of [
    '1200 pictures',
    'seed 1',
    'tessera-judge, 1fcf71765a90',
    '6000',
    'temperature 0.8',
    'Some Processor',
  ])
    expect(text).toContain(part);
  expect(text).toContain(SAMPLE_EVALUATION.command);
});

test('the page needs no other file and runs no script', () => {
  expect(page).not.toMatch(/<script|<link|@import|url\(|(src|href)="(?!data:)/);
});

test('names are text, whatever they hold', () => {
  const [first, ...others] = SAMPLE_EVALUATION.arms;
  const odd = reportPage({
    document: { ...SAMPLE_EVALUATION, arms: [{ ...first!, name: '<b>&"' }, ...others] },
    pictures: [],
  });
  expect(odd).not.toContain('<b>');
  expect(odd).toContain('&lt;b&gt;&amp;&quot;');
});

test('one variant alone has no comparisons and still a page', () => {
  const alone = reportPage({
    document: { ...SAMPLE_EVALUATION, arms: SAMPLE_EVALUATION.arms.slice(0, 1), comparisons: [] },
    pictures: [],
  });
  expect(alone).toContain('tiny: mar');
  expect(alone).not.toContain('Differences');
  expect(alone).not.toContain('NaN');
});

test('arms of different sittings are not said to be faster', () => {
  const { made, ...rest } = SAMPLE_EVALUATION;
  const apart = reportPage({
    document: { ...rest, made: { ...made, together: false } },
    pictures: [],
  });
  expect(page).toContain('2.72× as fast');
  expect(apart).not.toContain('× as fast.');
  expect(apart).toContain('not to be compared');
  const plot = 'Seconds an image against Fréchet distance';
  expect([page.includes(plot), apart.includes(plot)]).toEqual([true, false]);
  expect([page.includes('<td>2.72×</td>'), apart.includes('<td>2.72×</td>')]).toEqual([true, false]);
  expect(apart).toContain('<td>–</td><td>–</td>');
});

test('times of a run of their own are told with its set-up, not with that of drawing', () => {
  const { made, ...rest } = SAMPLE_EVALUATION;
  const timing = { pictures: 36, threads: 4, machine: { processor: 'Another', cores: 8 } };
  const document = { ...rest, made: { ...made, together: false }, timing };
  const timed = reportPage({ document, pictures: [] });
  expect(timed).toContain('2.72× as fast');
  expect([page, timed].map((each) => each.includes('over batches'))).toEqual([true, false]);
  expect(timed).toContain('a picture alone, median and quartiles over 36 pictures.');
  expect(timed).toContain(
    '<dt>times</dt><dd>36 pictures of each variant, one at a time and the variants in turn, 4 threads, Another (8 cores)</dd>',
  );
  expect(page).not.toContain('<dt>times</dt>');
});

test('a distance is told as a multiple of the floor only where that is of as many pictures', () => {
  const { floors, ...rest } = SAMPLE_EVALUATION;
  const document = { ...rest, floors: { ...floors, count: 500 } };
  const fewer = reportPage({ document, pictures: [] });
  const multiple = `<td>${(2.91 / 1.02).toFixed(1)}</td>`;
  expect([page.includes(multiple), fewer.includes(multiple)]).toEqual([true, false]);
  expect(fewer).toContain('500 of them: too few for a floor at 1200');
  expect(fewer).toContain('>500 real pictures</text>');
  expect([
    page.includes('against all others: 4 % more'),
    fewer.includes('against all others: 1 % more'),
  ]).toEqual([true, true]);
});

test('settings that were changed after a result was known are not said to be set beforehand', () => {
  const document = { ...SAMPLE_EVALUATION, changes: ['margin in Fréchet distance: 0.2 → 0.4'] };
  const changed = reportPage({ document, pictures: [] });
  expect(page).toContain('set beforehand');
  expect(changed).not.toContain('set beforehand');
  expect(changed).toContain('margin in Fréchet distance: 0.2 → 0.4');
});

test('pictures of several set-ups are told as such, with every version and number of threads', () => {
  const { made, ...rest } = SAMPLE_EVALUATION;
  const versions = { tessera: ['0.0.9', '0.1.0'] };
  const document = { ...rest, made: { ...made, threads: [1, 2], versions } };
  const mixed = reportPage({ document, pictures: [] });
  expect(text).not.toContain('different set-ups');
  expect(mixed).toContain('different set-ups: tessera 0.0.9 and 0.1.0; 1 and 2 threads.');
  expect(mixed).toContain('cpu, 1 and 2 threads, weights in fp16');
  expect(mixed).toContain('tessera 0.0.9 and 0.1.0; measured with tessera 0.1.0, node 20.20.0');
});

test.each([340, 1020])('all that a plot of %d pixels draws lies within it', (width) => {
  for (const plot of [
    forestPlot(SAMPLE_EVALUATION, 'frechet', { width }),
    forestPlot(SAMPLE_EVALUATION, 'kid', { width }),
    speedQualityPlot(SAMPLE_EVALUATION, { width }),
  ]) {
    const height = Number(/height="(\d+)"/.exec(plot.markup)![1]);
    const places = (names: string): number[] =>
      [...plot.markup.matchAll(new RegExp(` (?:${names})="([-\\d.]+)"`, 'g'))].map(([, place]) =>
        Number(place),
      );
    expect(plot.markup).not.toMatch(/NaN|Infinity|undefined/);
    expect(places('cx|cy').length).toBeGreaterThan(4);
    for (const x of places('x|x1|x2|cx')) expect(x >= 0 && x <= width, `x = ${x}`).toBe(true);
    for (const y of places('y|y1|y2|cy')) expect(y >= 0 && y <= height, `y = ${y}`).toBe(true);
  }
});

test('arms that don’t differ at all, with a margin of 0, have a plot and a page', () => {
  const nothing = { value: 0, low: 0, high: 0 };
  const document = {
    ...SAMPLE_EVALUATION,
    margins: { frechet: 0, kid: 0 },
    comparisons: SAMPLE_EVALUATION.comparisons.map((each) => ({
      ...each,
      margin: 0,
      difference: nothing,
      verdict: 'same' as const,
    })),
  };
  for (const width of [340, 1020]) {
    const { markup } = forestPlot(document, 'frechet', { width });
    expect(markup).toContain('class="dot"');
    expect(markup).not.toMatch(/NaN|Infinity/);
  }
  expect(reportPage({ document, pictures: [] })).not.toMatch(/NaN|Infinity/);
});

test('without a margin there is no band, and the page says that none is set', () => {
  const none = {
    ...SAMPLE_EVALUATION,
    margins: { frechet: null, kid: null },
    comparisons: SAMPLE_EVALUATION.comparisons.map((each) => ({ ...each, margin: null })),
  };
  const { markup } = forestPlot(none, 'frechet', { width: 1020 });
  expect(markup).not.toMatch(/class="band"|margin|NaN/);
  const unset = reportPage({ document: none, pictures: [] });
  expect(unset).toContain('No margin is set');
  expect(unset).not.toMatch(/the band the margin|<em>same<|null|NaN/);
  expect(page).toContain('the band the margin');
});

test('an interval that would squeeze the others ends in an arrow, with its numbers beside', () => {
  const { markup } = forestPlot(SAMPLE_EVALUATION, 'frechet', { width: 1020 });
  expect(markup.match(/class="arrow"/g)).toHaveLength(1);
  expect(markup.match(/class="dot"/g)).toHaveLength(3);
  expect(markup).toContain('+14.20 [+13.60, +15.00]');
});

test('long names of two variants stand whole beside their interval, on two lines', () => {
  const [first, ...others] = SAMPLE_EVALUATION.comparisons;
  const [arm, against] = ['GtR 40 × 20, K = 7, unguided', 'MAR 64 × 100, DPM, unguided'];
  const comparisons = [{ ...first!, arm, against }, ...others];
  const { markup } = forestPlot({ ...SAMPLE_EVALUATION, comparisons }, 'frechet', { width: 920 });
  for (const line of [arm, `− ${against}`]) expect(markup).toContain(`>${line}</text>`);
});

test('a plot of its own is an SVG file with its style inside', () => {
  const file = plotFile(forestPlot(SAMPLE_EVALUATION, 'frechet', { width: 860 }));
  expect(file).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" [^>]*><style>/);
  expect(file).toContain('prefers-color-scheme: dark');
});
