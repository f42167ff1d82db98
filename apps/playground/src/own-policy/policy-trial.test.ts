import { get } from 'svelte/store';
import { describe, expect, it } from 'vitest';
import { OwnCodeError } from './own-code-error.js';
import { PolicyTrial } from './policy-trial.js';

const trial = () => new PolicyTrial(() => undefined);
const info = { rule: 'seed', severity: 'info', message: 'x' } as const;
const error = { rule: 'plan', severity: 'error', message: 'x' } as const;

describe('the trial of a policy', () => {
  it('finds what is to be drawn with, and what is not', async () => {
    const given = trial();
    expect(await given.check('S', async () => [info])).toBe(true);
    expect(get(given.state)).toEqual({ status: 'checked', findings: [info] });
    expect(await given.check('S', async () => [info, error])).toBe(false);
    expect(await given.check('S', () => Promise.reject(new OwnCodeError('No.', 2)))).toBe(false);
    expect(get(given.state)).toEqual({ status: 'checked', problem: { message: 'No.', line: 2 } });
  });

  it('goes on while the code is changed, and then forgets what it found', async () => {
    const given = trial();
    const checked = given.check('S', async () => [info]);
    given.forgetFindings();
    expect(get(given.state).status).toBe('checking');
    expect(await checked).toBe(true);
    expect(get(given.state).findings).toEqual([info]);
    given.forgetFindings();
    expect(get(given.state)).toEqual({ status: 'idle' });
  });

  it('can be stopped while it checks', async () => {
    const given = trial();
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
