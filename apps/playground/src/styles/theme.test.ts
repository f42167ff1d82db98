import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const css = readFileSync(new URL('theme.css', import.meta.url), 'utf8');
const OKLCH = String.raw`oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)`;

/** Relative luminance of a colour of the theme, as WCAG 2.2 defines it; of light and dark. */
function luminances(name: string): [light: number, dark: number] {
  const [, ...numbers] = new RegExp(`--${name}: light-dark\\(${OKLCH}, ${OKLCH}\\)`).exec(css)!.map(Number);
  return [luminance(numbers.slice(0, 3)), luminance(numbers.slice(3))];
}

/** From Oklab to linear sRGB by Ottosson's matrices, https://bottosson.github.io/posts/oklab/. */
function luminance([lightness = 0, chroma = 0, hue = 0]: readonly number[]): number {
  const a = chroma * Math.cos((hue * Math.PI) / 180);
  const b = chroma * Math.sin((hue * Math.PI) / 180);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const red = 4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s;
  const green = -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s;
  const blue = -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

it.each([
  ['line-strong', 'paper'],
  ['line-strong', 'surface'],
  ['accent', 'paper'],
  ['generation', 'paper'],
  ['reconstruction', 'paper'],
])('%s stands out from %s, as what is no text has to: 3 to 1', (name, ground) => {
  const grounds = luminances(ground);
  for (const [theme, own] of luminances(name).entries()) {
    const [darker, lighter] = [own, grounds[theme]!].sort((x, y) => x - y);
    expect((lighter! + 0.05) / (darker! + 0.05)).toBeGreaterThanOrEqual(3);
  }
});
