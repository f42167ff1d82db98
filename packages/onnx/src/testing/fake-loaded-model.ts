import { fakeModel } from '@tessera/core/testing';
import type { Manifest } from '@tessera/format';
import type { LoadedModel } from '../loading/load-in-worker.js';

/** Core's model of arithmetic, dressed as one that was loaded. A token is a pixel. */
export function fakeLoadedModel<Device extends string = 'cpu'>(
  manifest: Manifest,
  device = 'cpu' as Device,
): LoadedModel<Device> {
  const fake = fakeModel({ shape: manifest.grid });
  return {
    ...fake,
    encode: (images, options) => fake.encode!(images, options),
    manifest,
    device,
    dtype: 'fp32',
    precision: 'fp32',
    threads: 1,
    fallbacks: [],
    unknownWords: async () => [],
    runStatistics: async () => ({}),
  };
}

/** The same for a manifest that takes text: prompts of as many letters give the same picture. */
export function fakeTextModel<Device extends string = 'cpu'>(
  manifest: Manifest,
  device = 'cpu' as Device,
): LoadedModel<Device> {
  const fake = fakeLoadedModel(manifest, device);
  return {
    ...fake,
    condition: ({ batch, ...rest }) =>
      fake.condition({
        ...rest,
        batch: batch.map(({ input, ...image }) => ({
          ...image,
          input: { classLabel: input && 'prompt' in input ? `${input.prompt}`.length : null },
        })),
      }),
  };
}
