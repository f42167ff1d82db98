import { describeModel, type ModelInUse } from '../environment.js';
import type { NetworkWithReference } from '../network-with-reference.js';
import { fakeLoadedModel } from './fake-loaded-model.js';
import { fakeNetwork } from './fake-network.js';

/** A model of arithmetic, a network that sees a picture's first pixel, and sixty real pictures. */
export interface FakeRun {
  readonly used: ModelInUse;
  readonly measuring: NetworkWithReference;
  /** Pictures that the model has drawn. */
  drawn(): number;
}

export async function fakeRun(): Promise<FakeRun> {
  const fake = fakeLoadedModel();
  let drawn = 0;
  const model = {
    ...fake,
    decode(...request: Parameters<typeof fake.decode>) {
      drawn += request[0].length;
      return fake.decode(...request);
    },
  };
  const network = fakeNetwork();
  const { width } = network;
  return {
    used: await describeModel(model, 'fake'),
    measuring: {
      loaded: { key: 'first-pixel', margins: { frechet: 1.9, kid: 0.39 }, network },
      reference: {
        name: 'numbers',
        width,
        features: Float32Array.from({ length: 60 * width }, (_, i) => (i * i * 37) % 251),
        labels: Int32Array.from({ length: 60 }, (_, i) => i % 3),
      },
    },
    drawn: () => drawn,
  };
}
