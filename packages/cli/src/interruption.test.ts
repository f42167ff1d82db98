import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { abortOnInterrupt, InterruptedError } from './interruption.js';

test('the first Ctrl-C aborts, the second ends the process', () => {
  const exits: number[] = [];
  const source = Object.assign(new EventEmitter(), { exit: (code: number) => exits.push(code) });
  const signal = abortOnInterrupt(source);
  expect(signal.aborted).toBe(false);
  source.emit('SIGINT');
  expect(signal.reason).toBeInstanceOf(InterruptedError);
  expect(exits).toEqual([]);
  source.emit('SIGINT');
  expect(exits).toEqual([130]);
});
