import { expect, test } from 'vitest';
import { canvas } from './canvas.js';
import { drawText, fittingText, textHeight, textWidth, wrappedText } from './pixel-font.js';

/** The text as rows of # and dots. */
function drawn(text: string): string[] {
  const picture = canvas(textWidth(text, 1), textHeight(1), [0, 0, 0]);
  drawText(picture, text, 0, 0, { colour: [255, 255, 255] });
  return Array.from({ length: picture.height }, (_, y) =>
    Array.from({ length: picture.width }, (_, x) =>
      picture.data[(y * picture.width + x) * 3] ? '#' : '.',
    ).join(''),
  );
}

test('letters are drawn five pixels wide and one apart', () => {
  expect(drawn('A1')).toEqual([
    '.###....#..',
    '#...#..##..',
    '#...#...#..',
    '#####...#..',
    '#...#...#..',
    '#...#...#..',
    '#...#..###.',
  ]);
});

test('no two signs look alike', () => {
  const signs = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:-+×/()%#=_'!? ", '"'];
  expect(new Set(signs.map((sign) => drawn(sign).join())).size).toBe(signs.length);
});

test('small letters and accents are drawn as capitals, unknown signs as question marks', () => {
  expect(drawn('é')).toEqual(drawn('E'));
  expect(drawn('→')).toEqual(drawn('?'));
});

test('quotes and dashes of any kind are drawn', () => {
  expect(drawn('’')).toEqual(drawn("'"));
  expect(drawn('“')).toEqual(drawn('"'));
  expect(drawn('−')).toEqual(drawn('-'));
});

test('a text that does not fit is cut and marked', () => {
  expect(fittingText('snowflake', textWidth('snowflake', 2), 2)).toBe('snowflake');
  const cut = fittingText('snowflake', textWidth('snowfl', 2), 2);
  expect(cut).toBe('snow..');
  expect(fittingText('snowflake', 3, 1)).toBe('');
});

test('a text is broken between words, and cut only where it needs too many lines', () => {
  const width = textWidth('four stars', 1);
  const wrap = (text: string) => wrappedText(text, width, 1, 3);
  expect(wrap('a fox')).toEqual(['a fox']);
  expect(wrap('four stars at night')).toEqual(['four stars', 'at night']);
  expect(wrap('a fox left of a blue bird')).toEqual(['a fox left', 'of a blue', 'bird']);
  expect(wrap('a crown above a frog on a meadow')).toEqual(['a crown', 'above a', 'frog on..']);
  expect(wrap('an extinguisher')).toEqual(['an', 'extingui..']);
});
