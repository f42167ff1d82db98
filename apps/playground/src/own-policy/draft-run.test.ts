import { get } from 'svelte/store';
import { describe, expect, it } from 'vitest';
import { DraftRun } from './draft-run.js';
import { OwnCodeError } from './own-code-error.js';

const draftRun = () => new DraftRun(() => undefined);
const info = { rule: 'seed', severity: 'info', message: 'x' } as const;
const error = { rule: 'plan', severity: 'error', message: 'x' } as const;

describe('a run of the draft', () => {
  it('finds what is to be drawn with, and what is not', async () => {
    const given = draftRun();
    expect(await given.check('S', async () => [info])).toBe(true);
    expect(get(given.state)).toEqual({ status: 'checked', findings: [info] });
    expect(await given.check('S', async () => [info, error])).toBe(false);
    expect(await given.check('S', () => Promise.reject(new OwnCodeError('No.', 2)))).toBe(false);
    expect(get(given.state)).toEqual({ status: 'checked', problem: { message: 'No.', line: 2 } });
  });

  it('goes on while the code is changed, and then forgets what it found', async () => {
    const given = draftRun();
    const checked = given.check('S', async () => [info]);
    given.forgetFindings();
    expect(get(given.state).status).toBe('checking');
    expect(await checked).toBe(true);
    expect(get(given.state).findings).toEqual([info]);
    given.forgetFindings();
    expect(get(given.state)).toEqual({ status: 'idle' });
  });

  it('can be stopped while it checks', async () => {
    const given = draftRun();
    let signal: AbortSignal | undefined;
    const checked = given.check('S', (_, given) => {
      signal = given;
      return new Promise(() => undefined);
    });
    const other = given.check('T', async () => [info]);
    expect(signal?.aborted).toBe(true);
    expect(await other).toBe(true);
    given.stop();
    expect(get(given.state).findings).toEqual([info]);
    void checked;
  });
});
