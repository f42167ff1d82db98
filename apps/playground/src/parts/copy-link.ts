import { type Linked, toHash } from '../settings/settings-link.js';
import { copyText } from './copy-text.js';

/**
 * Puts a link into the address bar and copies it.
 *
 * @returns where the link is now, for a sentence
 */
export async function copyLink(linked: Linked): Promise<'copied' | 'in the address bar'> {
  history.replaceState(null, '', await toHash(linked));
  return (await copyText(location.href)) ? 'copied' : 'in the address bar';
}
