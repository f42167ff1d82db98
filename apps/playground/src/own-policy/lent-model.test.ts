import { ModelDisposedError } from '@tessera/core/model';
import { fakeModel } from '@tessera/core/testing';
import { expect, it } from 'vitest';
import { lentModel } from './lent-model.js';

it('can be used, but not disposed of', async () => {
  const model = fakeModel({ shape: { height: 2, width: 2, channels: 1 } });
  const lent = lentModel({
    ...model,
    encode: async () => [],
    unknownWords: async () => [],
    runStatistics: async () => ({}),
  });
  await expect(lent.dispose()).rejects.toMatchObject({ code: 'model-lent' });
  expect(await lent.decode([])).toEqual([]);
  await model.dispose();
  await expect(lent.decode([])).rejects.toBeInstanceOf(ModelDisposedError);
});
