import { type Markup, markup, trusted } from './markup.js';
import { PLOT_STYLE } from './plot-style.js';

/** A plot as an SVG file of its own, which is readable on light and dark grounds. */
export function plotFile(plot: Markup): string {
  const style = markup`<style>${trusted(PLOT_STYLE)}</style><rect width="100%" height="100%" fill="var(--surface)"/>`;
  return `${plot.markup
    .replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ')
    .replace('>', `>${style.markup}`)}\n`;
}
