import { type Linked, toHash } from '../settings/settings-link.js';
import { copyText } from './copy-text.js';

/**
 * Copies a link; where the browser does not let the page do that, it is put into the address bar.
 *
 * @returns where the link is now, for a sentence
 */
export async function copyLink(linked: Linked): Promise<'copied' | 'in the address bar'> {
  const hash = await toHash(linked);
  if (await copyText(new URL(hash, location.href).href)) return 'copied';
  history.replaceState(history.state, '', hash);
  return 'in the address bar';
}
