/** Text that is HTML or SVG already. */
export interface Markup {
  readonly markup: string;
}

type Content = string | number | Markup | readonly Markup[] | false | undefined;

/** HTML or SVG: what is put in is escaped unless it is markup itself; `false` and `undefined` leave nothing. */
export function markup(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return { markup: parts.reduce((text, part, i) => text + textOf(contents[i - 1]) + part) };
}

/** Markup that comes from elsewhere, e.g. a style sheet. */
export function trusted(text: string): Markup {
  return { markup: text };
}

/** A name that may be broken where one of its parts begins. */
export function breakable(name: string): Markup {
  const parts = name.split(/(?=[/:])/);
  return { markup: parts.map(escaped).join('<wbr>') };
}

function textOf(content: Content): string {
  if (content === undefined || content === false || content === '') return '';
  if (typeof content === 'string' || typeof content === 'number') return escaped(String(content));
  return 'markup' in content ? content.markup : content.map(({ markup }) => markup).join('');
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
