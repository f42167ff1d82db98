import { readFileSync } from 'node:fs';
import type { ImageRgb } from '@tessera/core';
import { decode } from 'fast-png';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { FeatureNetwork } from '../feature-network.js';
import {
  type FeatureNetworkDescription,
  featureNetworkReference,
  parseFeatureNetwork,
} from '../feature-network-description.js';
import { onnxNetwork } from '../onnx-network.js';
import type { ReferencePictures } from '../reference-pictures.js';

const at = (path: string): URL => new URL(`../../${path}`, import.meta.url);

export const networkFile = (name: string): Buffer => readFileSync(at(`feature-network/${name}`));

/** The feature network as it ships. */
export async function openNetwork(): Promise<{
  readonly description: FeatureNetworkDescription;
  readonly network: FeatureNetwork;
  readonly reference: ReferencePictures;
}> {
  const description = parseFeatureNetwork(networkFile('feature-network.json').toString());
  const session = await InferenceSession.create(networkFile(description.graph.path), {
    intraOpNumThreads: 1,
  });
  const network = onnxNetwork({ session, Tensor, description: description.network });
  // Copied, since a file's bytes may begin at an odd address.
  const halves = new Uint16Array(Uint8Array.from(networkFile(description.reference.path)).buffer);
  return { description, network, reference: featureNetworkReference(description, halves) };
}

/** The first 240 held-out renders, 24 a row, of 64×64 pixels; picture k shows class k mod 12. */
export function realPictures(): ImageRgb[] {
  const { width, height, data } = decode(readFileSync(at('fixtures/real.png')));
  const side = 64;
  const columns = width / side;
  return Array.from({ length: columns * (height / side) }, (_, k) => {
    const left = (k % columns) * side;
    const top = Math.floor(k / columns) * side;
    const picture = new Uint8Array(side * side * 3);
    for (let y = 0; y < side; y++) {
      const start = ((top + y) * width + left) * 3;
      picture.set(data.subarray(start, start + side * 3) as Uint8Array, y * side * 3);
    }
    return { width: side, height: side, data: picture };
  });
}
