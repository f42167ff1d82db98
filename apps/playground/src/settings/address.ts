import type { Readable, Writable } from 'svelte/store';
import { fromHash, type Linked, toHash, type View } from './settings-link.js';

/** The part of a session that an address says. */
export interface AddressedSession {
  readonly view: Writable<View>;
  readonly linked: Readable<Linked>;
  follow(linked: Linked): void;
}

/** The part of the browser's window that is used. */
export interface AddressBar {
  readonly location: Pick<Location, 'hash'>;
  readonly history: Pick<History, 'state' | 'replaceState'>;
  addEventListener(type: 'hashchange', listener: () => void): void;
  removeEventListener(type: 'hashchange', listener: () => void): void;
}

/** For how long nothing has to change before the address does, in milliseconds: browsers limit how often it may. */
const REST = 250;

/** Marks the entries of the history that show what is set here: to go back to one changes the view and nothing else. */
const OURS = { tessera: true };

/**
 * Keeps the address as the session is, so that a reload or a copy of it brings everything back, and the session as a new
 * address says.
 *
 * @param onmove called after the view was changed by the address
 * @returns what ends it
 */
export function keepAddress(session: AddressedSession, bar: AddressBar, onmove: () => void): () => void {
  let now: Linked | undefined;
  let rest: ReturnType<typeof setTimeout> | undefined;
  // The address that was followed or written last. Where there is another, the user has moved and its event is to come.
  let { hash: known } = bar.location;
  const write = async (written: Linked): Promise<void> => {
    const hash = await toHash(written);
    // To pack code takes a moment.
    if (now !== written || bar.location.hash !== known) return;
    bar.history.replaceState(OURS, '', hash);
    known = bar.location.hash;
  };
  const writeSoon = (): void => {
    clearTimeout(rest);
    rest = setTimeout(() => now && write(now), REST);
  };
  const end = session.linked.subscribe((value) => {
    // What the page was opened with is left as it is.
    if (now) writeSoon();
    now = value;
  });
  const follow = async (): Promise<void> => {
    const { hash } = bar.location;
    known = hash;
    const asked = await fromHash(hash);
    // To unpack it takes a moment, too.
    if (bar.location.hash !== hash) return;
    if (isLink(bar)) session.follow(asked);
    else session.view.set(asked.view);
    writeSoon();
    onmove();
  };
  bar.history.replaceState(OURS, '');
  bar.addEventListener('hashchange', follow);
  return () => {
    bar.removeEventListener('hashchange', follow);
    clearTimeout(rest);
    now = undefined;
    end();
  };
}

/** Not one of the tabs, such as `#edit`, nor an entry that was gone back to. */
function isLink({ location, history }: AddressBar): boolean {
  return location.hash.includes('?') && (history.state as Partial<typeof OURS> | null)?.tessera !== true;
}
