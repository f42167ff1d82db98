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
