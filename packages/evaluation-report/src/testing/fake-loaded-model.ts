import type { Manifest } from '@tessera/format';
import { fakeLoadedModel as fakeLoaded } from '@tessera/onnx/testing';
import type { Device, LoadedModel } from '@tessera/runtime-node';

const component = (name: string) => ({ path: `${name}.onnx` });

/** The manifest of a model of three classes, one of which has two names. */
export const FAKE_MANIFEST: Manifest = {
  format: 'tessera-mar',
  version: 1,
  name: 'fake',
  licence: 'MIT',
  source: 'arithmetic',
  grid: { height: 8, width: 8, channels: 3 },
  condition: { kind: 'class', count: 3, names: ['cat', 'red fox, Vulpes vulpes', 'café'] },
  widths: { encoder: 16, decoder: 16, head: 16 },
  headDepth: 1,
  latents: { channels: 3, patchSize: 1, scale: 1, stride: 1 },
  diffusion: { schedule: 'cosine', trainSteps: 1000, variance: 'learned-range' },
  sampling: { guidance: { schedule: 'linear', scale: 3 }, temperature: 0.8, clamp: 5 },
  variants: [
    {
      dtype: 'fp32',
      components: {
        transformer: component('transformer'),
        embed: component('embed'),
        project: component('project'),
        modulate: component('modulate'),
        denoise: component('denoise'),
      },
    },
  ],
  files: [],
};

/** A model of {@link FAKE_MANIFEST}, or another one, that is loaded. */
export function fakeLoadedModel(manifest: Manifest = FAKE_MANIFEST): LoadedModel {
  return fakeLoaded<Device>(manifest);
}
