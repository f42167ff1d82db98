import type { EvaluationDocument } from '../evaluation-document.js';
import { verdictAgainstFirst } from '../report-table.js';
import { breakable, type Markup, markup } from './markup.js';

/** One kept picture, as a PNG file. */
export interface PagePicture {
  readonly png: Uint8Array;
  readonly className: string;
}

const ROW = 12;

/**
 * The first pictures of every variant, in the order of their indices, so that the same label and noise stand in the same
 * place of each; those beyond the first row are folded away.
 *
 * @param pictures a list a variant
 */
export function pictureSection(
  { arms, ...report }: EvaluationDocument,
  pictures: readonly (readonly PagePicture[])[],
): Markup | undefined {
  if (pictures.every((list) => list.length === 0)) return undefined;
  const blocks = arms.map(({ name }, place) => {
    const list = pictures[place] ?? [];
    const more = list.slice(ROW);
    return markup`<h3 class="${verdictAgainstFirst({ arms, ...report }, name) ?? 'baseline'}"><span class="key">${place + 1}</span>${breakable(name)}</h3>
<div class="pictures">${list.slice(0, ROW).map((picture) => pictureMarkup(picture, name))}</div>
${more.length > 0 && markup`<details><summary>${more.length} more</summary><div class="pictures">${more.map((picture) => pictureMarkup(picture, name))}</div></details>`}`;
  });
  const columns = (pictures.find((list) => list.length > 0) ?? []).slice(0, ROW);
  return markup`<h2>Pictures</h2>
<p class="soft">The first of each variant, not chosen. A column has the same class and the same noise in all variants.</p>
<div class="pictures when-wide" aria-hidden="true">${columns.map(({ className }) => markup`<span>${className}</span>`)}</div>
${blocks}`;
}

function pictureMarkup({ png, className }: PagePicture, arm: string): Markup {
  const data = Buffer.from(png).toString('base64');
  return markup`<img src="data:image/png;base64,${data}" alt="${className} by ${arm}" title="${className}">`;
}
