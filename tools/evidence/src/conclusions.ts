const BEGIN = '<!-- conclusions: written by hand, kept by every run -->';
const END = '<!-- end of conclusions -->';

/** What stands where nobody has concluded anything yet. */
const NONE = '_None yet._';

/** The part of a study's page that people write, between its marks. */
export function conclusionsSection(text: string = NONE): string {
  return `${BEGIN}\n\n${text.trim()}\n\n${END}`;
}

/**
 * What people have written on an earlier page.
 *
 * @throws Error where a mark is missing, since a new page would lose what they wrote
 */
export function conclusionsOf(page: string | undefined): string | undefined {
  if (page === undefined) return undefined;
  const begin = page.indexOf(BEGIN);
  const end = page.indexOf(END);
  if (begin < 0 || end < begin) {
    throw new Error(`The page has lost the marks around its conclusions. Put back "${BEGIN}" and "${END}".`);
  }
  return page.slice(begin + BEGIN.length, end).trim();
}
