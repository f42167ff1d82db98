import { Scheduler } from '@tessera/core/scheduling';
import { fakeModel } from '@tessera/core/testing';
import { get } from 'svelte/store';
import { expect, it } from 'vitest';
import { ADVISED } from '../settings/settings.js';
import { exampleStep } from '../testing/example-step.js';
import { Comparison } from './comparison.js';
import type { Run } from './step-record.js';

const entries = ['plain', 'quick', 'broken'].map((title) => ({
  title,
  policy: { kind: 'own' as const, source: title },
}));

/** Runs of so many milliseconds a step, which take turns on one model. */
function race(times: Readonly<Record<string, readonly number[]>>) {
  let time = 0;
  const scheduler = new Scheduler(fakeModel({ shape: { height: 1, width: 1, channels: 1 } }), {
    now: () => time,
  });
  const left: string[] = [];
  async function* run(title: string): Run {
    try {
      for (const [index, milliseconds] of times[title]!.entries()) {
        time += milliseconds;
        yield exampleStep({ index, milliseconds });
      }
      if (title === 'broken') throw new Error('lost');
      return { image: exampleStep().picture };
    } finally {
      left.push(title);
    }
  }
  const comparison = new Comparison();
  const ended = comparison.start(ADVISED.class, entries.slice(0, Object.keys(times).length), ({ policy }) =>
    scheduler.share(run(policy.kind === 'own' ? policy.source : '')),
  );
  return { comparison, ended, left };
}

it('gives the model to whichever has used the least of its time, so the fastest is finished first', async () => {
  const { comparison, ended } = race({ plain: [10, 10, 10, 10], quick: [15, 15] });
  const seen = new Set<string>();
  comparison.state.subscribe(({ variants }) =>
    seen.add(variants.map(({ steps, finished }) => (finished ? 'end' : steps.length)).join(' ')),
  );
  await ended;
  expect([...seen]).toEqual(['0 0', '1 0', '1 1', '2 1', '2 2', '3 2', '4 2', '4 end', 'end end']);
});

it('fails with the run that fails, and leaves the others', async () => {
  const { comparison, ended, left } = race({ plain: [10, 10, 10, 10], quick: [15, 15], broken: [1] });
  await ended;
  expect(get(comparison.state)).toMatchObject({ status: 'failed', failure: { detail: 'lost' } });
  await expect.poll(() => [...left].sort()).toEqual(['broken', 'plain', 'quick']);
});

it('leaves all runs when it is stopped', async () => {
  const { comparison, ended, left } = race({ plain: [10, 10, 10, 10], quick: [15, 15] });
  comparison.stop();
  await ended;
  expect(get(comparison.state).status).toBe('stopped');
  await expect.poll(() => comparison.running).toBe(false);
  expect(left.length).toBeLessThanOrEqual(2);
});
