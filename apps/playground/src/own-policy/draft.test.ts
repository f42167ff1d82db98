import { get } from 'svelte/store';
import { describe, expect, it } from 'vitest';
import { choiceStore } from '../choice-store.js';
import type { PolicyChoice } from '../policies/policy-spec.js';
import { Draft } from './draft.js';
import { EXAMPLES } from './examples.js';

const named: PolicyChoice = { kind: 'named', name: 'mar' };
const own = (source: string): PolicyChoice => ({ kind: 'own', source });

function store() {
  const kept = new Map<string, string>();
  return choiceStore(() => ({ getItem: (key) => kept.get(key) ?? null, setItem: kept.set.bind(kept) }));
}

describe('the draft of a policy', () => {
  it('is what was written last, whatever has been run, and after a reload', () => {
    const kept = store();
    const draft = new Draft(kept, named);
    expect(draft.now.source).toBe(EXAMPLES[0]!.source);
    draft.write('S1');
    draft.adopt('S1');
    draft.write('S2');
    expect(get(draft.state).source).toBe('S2');
    expect(new Draft(kept, named).now.source).toBe('S2');
    // The address holds what was run.
    expect(new Draft(kept, own('S1')).now).toMatchObject({ source: 'S2', foreign: false });
  });

  it('follows an address that brings other code, which then waits for the user', () => {
    const draft = new Draft(store(), named);
    draft.write('mine');
    draft.follow(own('theirs'));
    expect(draft.now).toMatchObject({ source: 'theirs', foreign: true });
    draft.approve('theirs');
    expect(draft.now.foreign).toBe(false);
    draft.write('theirs, changed');
    draft.follow(own('theirs'));
    expect(draft.now.source).toBe('theirs, changed');
    expect(draft.now.foreign).toBe(false);
  });

  it('stays foreign through reloads until it is run', () => {
    const kept = store();
    expect(new Draft(kept, own('theirs')).now.foreign).toBe(true);
    const draft = new Draft(kept, own('theirs'));
    draft.approve('mine');
    expect(draft.now.foreign).toBe(true);
    draft.write('theirs, changed');
    draft.approve('theirs, changed');
    expect(draft.now.foreign).toBe(true);
  });

  it('can be brought back where other code took its place, after a reload too', () => {
    const kept = store();
    const draft = new Draft(kept, named);
    draft.bringBack();
    draft.begin(EXAMPLES[1]!.source);
    expect(draft.now.before).toBeUndefined();
    draft.write('mine');
    draft.begin(EXAMPLES[2]!.source);
    draft.follow(own('theirs'));
    draft.follow(own('others'));
    const reloaded = new Draft(kept, own('others'));
    expect(reloaded.now).toMatchObject({ source: 'others', before: 'mine' });
    reloaded.write('others, changed');
    reloaded.bringBack();
    expect(reloaded.now).toMatchObject({ source: 'mine', before: 'others, changed', foreign: true });
    reloaded.bringBack();
    expect(reloaded.now).toMatchObject({ source: 'others, changed', before: 'mine' });
    // As the editor's undo does.
    reloaded.write('mine');
    expect(reloaded.now.before).toBeUndefined();
  });

  it('is no one else’s where a link brings the user’s own words back', () => {
    const draft = new Draft(store(), named);
    draft.write('mine');
    draft.follow(own('mine'));
    expect(draft.now).toMatchObject({ source: 'mine', foreign: false, from: 'mine' });
  });
});
