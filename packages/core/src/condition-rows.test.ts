import { describe, expect, it } from 'vitest';
import { ConditionRows, memoryTensor } from './condition-rows.js';

/** z of two images, the second guided: rows 0, 1 | 2 | unconditional row 3, each of width 2. */
function twoImages() {
  const log: string[] = [];
  const values = Float32Array.of(0, 1, 10, 11, 20, 21, 30, 31);
  const tensor = {
    async read() {
      log.push('read');
      return values;
    },
    release: () => void log.push('release'),
  };
  const [first, second] = ConditionRows.split(tensor, 2, [
    { count: 2, guided: false },
    { count: 1, guided: true },
  ]);
  return { log, tensor, first: first!, second: second! };
}

describe('ConditionRows', () => {
  it('are each image’s own rows of a tensor: all conditional ones, then the unconditional ones', async () => {
    const { first, second } = twoImages();
    expect([first.count, first.guided, second.count, second.guided]).toEqual([2, false, 1, true]);
    expect(await first.read()).toEqual(Float32Array.of(0, 1, 10, 11));
    expect(await second.read()).toEqual(Float32Array.of(20, 21));
    expect(await second.readUnconditional()).toEqual(Float32Array.of(30, 31));
    expect(await first.readAll()).toEqual(await first.read());
    expect(await second.readAll()).toEqual(Float32Array.of(20, 21, 30, 31));
    expect([second.tensorRow(0, false), second.tensorRow(0, true)]).toEqual([2, 3]);
    await expect(first.readUnconditional()).rejects.toMatchObject({ code: 'conditions-unguided' });
  });

  it('read the tensor once, and free it once all images have released their rows', async () => {
    const { log, first, second } = twoImages();
    await Promise.all([first.read(), second.read(), second.readUnconditional()]);
    first.release();
    first.release();
    expect(log).toEqual(['read']);
    second.release();
    expect(log).toEqual(['read', 'release']);
  });

  it('keep the tensor until a read that has begun is over', async () => {
    const { log, first, second } = twoImages();
    const reading = first.read();
    first.release();
    second.release();
    expect(log).toEqual(['read']);
    await reading;
    expect(log).toEqual(['read', 'release']);
  });

  it('can’t be used after their release', async () => {
    const { first, second } = twoImages();
    const chosen = first.select(Uint32Array.of(1));
    first.release();
    const released = { code: 'conditions-released' };
    await expect(first.read()).rejects.toMatchObject(released);
    await expect(chosen.read()).rejects.toMatchObject(released);
    expect(() => first.tensor).toThrow(expect.objectContaining(released));
    expect(await second.read()).toHaveLength(2);
  });

  it('select rows in the order asked for, whose release frees nothing', async () => {
    const [rows] = ConditionRows.split(memoryTensor(Float32Array.from({ length: 12 }, (_, i) => i)), 2, [
      { count: 3, guided: true },
    ]);
    const chosen = rows!.select(Uint32Array.of(2, 0));
    expect([chosen.count, chosen.guided, chosen.tensorRow(0, true)]).toEqual([2, true, 5]);
    expect(await chosen.read()).toEqual(Float32Array.of(4, 5, 0, 1));
    expect(await chosen.readUnconditional()).toEqual(Float32Array.of(10, 11, 6, 7));
    chosen.release();
    expect(await chosen.select(Uint32Array.of(1)).read()).toEqual(Float32Array.of(0, 1));
  });

  it('refuse a row that there is none of', () => {
    expect(() => twoImages().first.select(Uint32Array.of(0, 2))).toThrow(
      'rows[1] = 2: must be an integer from 0 to 1',
    );
  });
});
