import { expect, it } from 'vitest';
import { RunQueue } from './run-queue.js';

it('runs tasks one after the other in the order they were added', async () => {
  const queue = new RunQueue();
  const log: string[] = [];
  const task = (name: string) => async () => {
    log.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    log.push(`${name} ends`);
    return name;
  };
  expect(await Promise.all([queue.add(task('a')), queue.add(task('b'))])).toEqual(['a', 'b']);
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
});

it('goes on after a task that failed, whose own caller alone is told', async () => {
  const queue = new RunQueue();
  const failed = queue.add(() => Promise.reject(new Error('no')));
  const next = queue.add(async () => 'fine');
  await expect(failed).rejects.toThrow('no');
  expect(await next).toBe('fine');
});

it('rejects at once for a task that is aborted while it waits, and passes it over in its turn', async () => {
  const queue = new RunQueue();
  const log: string[] = [];
  let end = (): void => {};
  const running = queue.add(
    () =>
      new Promise<void>((resolve) => {
        end = resolve;
      }),
  );
  const controller = new AbortController();
  const waiting = queue.add(async () => log.push('aborted'), controller.signal);
  const behind = queue.add(async () => log.push('behind'));
  const reason = new Error('enough');
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await expect(queue.add(async () => log.push('late'), controller.signal)).rejects.toBe(reason);
  expect(log).toEqual([]);
  end();
  await Promise.all([running, behind]);
  expect(log).toEqual(['behind']);
});

it('rejects with a typed error for a task whose signal gives no reason', async () => {
  const queue = new RunQueue();
  let abort = (): void => {};
  const signal = {
    aborted: false,
    addEventListener: (_: 'abort', listener: () => void) => {
      abort = listener;
    },
    removeEventListener() {},
  };
  const waiting = queue.add(async () => 'done', signal);
  signal.aborted = true;
  abort();
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
});

it('leaves a task that has begun to look at the signal itself', async () => {
  const queue = new RunQueue();
  const controller = new AbortController();
  const running = queue.add(async () => {
    controller.abort(new Error('enough'));
    await new Promise((resolve) => setImmediate(resolve));
    return 'done';
  }, controller.signal);
  expect(await running).toBe('done');
});
