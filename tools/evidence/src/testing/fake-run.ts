import { fakeModel } from '@tessera/core/testing';
import type { Judging } from '@tessera/evaluation-report';
import { describeModel, type ModelInUse } from '@tessera/evaluation-report/environment';
import type { Manifest } from '@tessera/format';
import type { LoadedModel } from '@tessera/runtime-node';

const component = (name: string) => ({ path: `${name}.onnx` });

const MANIFEST: Manifest = {
  format: 'tessera-mar',
  version: 1,
  name: 'fake',
  licence: 'MIT',
  source: 'arithmetic',
  grid: { height: 16, width: 16, channels: 3 },
  condition: { kind: 'class', count: 3, names: ['cat', 'fox', 'owl'] },
  widths: { encoder: 16, decoder: 16, head: 16 },
  headDepth: 1,
  latents: { channels: 3, patchSize: 1, scale: 1, stride: 1 },
  diffusion: { schedule: 'cosine', trainSteps: 1000, variance: 'learned-range' },
  sampling: { guidance: { schedule: 'linear', scale: 3 }, temperature: 0.8, clamp: 5 },
  variants: [
    {
      dtype: 'fp32',
      components: {
        condition: component('condition'),
        embed: component('embed'),
        project: component('project'),
        modulate: component('modulate'),
        denoise: component('denoise'),
      },
    },
  ],
  files: [],
};

/** A model of arithmetic, and how many pictures it has drawn. */
export interface FakeRun {
  readonly used: ModelInUse;
  readonly judging: Judging;
  drawn(): number;
}

/** A model without weights and a network that sees a picture's first pixels. */
export async function fakeRun(): Promise<FakeRun> {
  const fake = fakeModel({ shape: MANIFEST.grid });
  let drawn = 0;
  const model: LoadedModel = {
    ...fake,
    manifest: MANIFEST,
    device: 'cpu',
    dtype: 'fp32',
    threads: 1,
    fallbacks: [],
    decode(grids, options) {
      drawn += grids.length;
      return fake.decode(grids, options);
    },
    encode: () => Promise.reject(new Error('the fake model has no encoder')),
    runStatistics: async () => ({}),
  };
  const width = 2;
  const features = Float32Array.from({ length: 60 * width }, (_, i) => (i * 37) % 251);
  return {
    used: await describeModel(model, 'fake'),
    judging: {
      loaded: {
        key: 'first-pixels',
        margins: { frechet: 1.9, kid: 0.39 },
        network: {
          name: 'first pixels',
          width,
          extract: async (images) => ({
            features: Float32Array.from(images.flatMap(({ data }) => [...data.subarray(0, width)])),
            classes: null,
            damages: null,
          }),
        },
      },
      reference: {
        name: 'numbers',
        width,
        features,
        labels: Int32Array.from({ length: 60 }, (_, i) => i % 3),
      },
    },
    drawn: () => drawn,
  };
}
