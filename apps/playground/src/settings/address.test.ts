import { derived, get, writable } from 'svelte/store';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type AddressBar, keepAddress } from './address.js';
import { DEFAULT_SETTINGS } from './settings.js';
import { DEFAULT_COMPARED, fromHash, type Linked, toHash, type View } from './settings-link.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A window with one tab's history, and a session that notes what it follows. */
function page(hash: string) {
  const entries: { hash: string; state: unknown }[] = [{ hash, state: null }];
  let at = 0;
  let hear: () => void = () => undefined;
  const bar: AddressBar = {
    location: {
      get hash() {
        return entries[at]!.hash;
      },
      set hash(_) {},
    },
    history: {
      get state() {
        return entries[at]!.state;
      },
      replaceState(state, _, hash) {
        entries[at] = { state, hash: hash === undefined ? entries[at]!.hash : String(hash) };
      },
    },
    addEventListener: (_, listener) => {
      hear = listener;
    },
    removeEventListener: () => undefined,
  };
  const followed: Linked[] = [];
  const view = writable<View>('generate');
  const settings = writable(DEFAULT_SETTINGS);
  const compared = writable(DEFAULT_COMPARED);
  const session = {
    view,
    settings,
    compared,
    linked: derived([view, settings, compared], ([view, settings, compared]) => ({
      view,
      settings,
      compared,
    })),
    follow(linked: Linked) {
      followed.push(linked);
      session.settings.set(linked.settings);
      session.compared.set(linked.compared);
      session.view.set(linked.view);
    },
  };
  const end = keepAddress(session, bar, () => undefined);
  const rest = () => vi.advanceTimersByTimeAsync(1000);
  /** The browser tells of a new address only when what runs has ended. */
  const click = (hash: string) => void entries.splice(++at, Infinity, { hash, state: null });
  const open = async (hash: string) => {
    click(hash);
    hear();
    await rest();
  };
  const back = async () => {
    at--;
    hear();
    await rest();
  };
  return { session, followed, bar, click, hear: () => hear(), open, back, rest, end };
}

describe('the address', () => {
  it('is left as it is until something changes, and then brings all of it back', async () => {
    const { session, bar, rest } = page('');
    await rest();
    expect(bar.location.hash).toBe('');
    session.settings.set({ ...DEFAULT_SETTINGS, seed: 12 });
    session.compared.set(['mar', 'halton']);
    session.view.set('compare');
    await rest();
    expect(await fromHash(bar.location.hash)).toEqual({
      view: 'compare',
      settings: { ...DEFAULT_SETTINGS, seed: 12 },
      compared: ['mar', 'halton'],
    });
  });

  it('of a tab changes the view alone, and is made whole, even of the tab that is shown', async () => {
    const { session, followed, bar, open } = page('');
    session.settings.set({ ...DEFAULT_SETTINGS, seed: 12 });
    for (const view of ['edit', 'edit'] as const) {
      await open(`#${view}`);
      expect(get(session.view)).toBe('edit');
      expect((await fromHash(bar.location.hash)).settings.seed).toBe(12);
    }
    expect(followed).toEqual([]);
  });

  it('that is a link is followed', async () => {
    const { session, followed, open } = page('');
    const linked = {
      view: 'generate' as const,
      settings: { ...DEFAULT_SETTINGS, seed: 99 },
      compared: DEFAULT_COMPARED,
    };
    await open(await toHash(linked));
    expect(followed).toEqual([linked]);
    expect(get(session.settings).seed).toBe(99);
  });

  it('that was clicked is not written over before the browser tells of it', async () => {
    const { session, bar, click, hear, open, rest } = page('');
    await open('#edit');
    session.settings.set({ ...DEFAULT_SETTINGS, seed: 12 });
    click('#policy');
    await rest();
    expect(bar.location.hash).toBe('#policy');
    hear();
    await rest();
    expect(get(session.view)).toBe('policy');
    expect((await fromHash(bar.location.hash)).settings.seed).toBe(12);
  });

  it('is the last of two that were clicked one after the other', async () => {
    const { session, followed, bar, click, hear, rest } = page('');
    const policy = { kind: 'own' as const, source: 'export default 1;' };
    const packed = await toHash({
      view: 'edit',
      settings: { ...DEFAULT_SETTINGS, policy },
      compared: DEFAULT_COMPARED,
    });
    click(packed);
    hear();
    click('#compare');
    hear();
    await fromHash(packed);
    await rest();
    expect(followed).toEqual([]);
    expect(get(session.view)).toBe('compare');
    expect(bar.location.hash).toMatch(/^#compare/);
  });

  it('that is gone back to changes the view and no setting', async () => {
    const { session, followed, bar, open, back } = page('#generate?seed=11');
    await open('#compare');
    session.settings.set({ ...DEFAULT_SETTINGS, seed: 12 });
    await back();
    expect(get(session.view)).toBe('generate');
    expect(get(session.settings).seed).toBe(12);
    expect(followed).toEqual([]);
    expect((await fromHash(bar.location.hash)).settings.seed).toBe(12);
  });
});
