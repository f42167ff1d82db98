import { fitsLink, type Linked, toHash } from '../settings/settings-link.js';

/**
 * Copies a link; where the browser does not let the page do that, it is put into the address bar. One that could not be
 * read back is not made.
 *
 * @param does what the link does, in a sentence
 * @returns what came of it, in sentences
 */
export async function copyLink(linked: Linked, does: string): Promise<string> {
  if (!fitsLink(linked.settings.policy)) return 'The code is too long for a link: copy the code itself.';
  const hash = await toHash(linked);
  if (await copyText(new URL(hash, location.href).href)) return `The link is copied. ${does}`;
  history.replaceState(history.state, '', hash);
  return `The link is in the address bar. ${does}`;
}

/** @returns whether the browser let the page write to the clipboard */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
