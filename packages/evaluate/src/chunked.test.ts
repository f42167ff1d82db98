import { describe, expect, it } from 'vitest';
import { atOnce, type Chunked, inChunks } from './chunked.js';

function* sumTo(count: number): Chunked<number> {
  let sum = 0;
  for (let i = 1; i <= count; i++) {
    sum += i;
    yield;
  }
  return sum;
}

describe('a piecewise computation', () => {
  it('gives the same in one go as with a breath after each piece', async () => {
    let breaths = 0;
    const yieldToEventLoop = async () => {
      breaths++;
    };
    expect(atOnce(sumTo(10))).toBe(55);
    expect(await inChunks(sumTo(10), yieldToEventLoop)).toBe(55);
    expect(breaths).toBe(10);
  });

  it('ends where a breath fails', async () => {
    const stop = async () => {
      throw new Error('stopped');
    };
    await expect(inChunks(sumTo(Number.POSITIVE_INFINITY), stop)).rejects.toThrow('stopped');
  });
});
