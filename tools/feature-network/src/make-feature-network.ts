import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openTensors } from '@tessera/convert';
import {
  classAccuracy,
  corruptionShares,
  type FeatureNetworkDescription,
  type NetworkDescription,
  parseFeatureNetwork,
} from '@tessera/evaluate';
import { encode } from 'fast-png';
import { MARGINS } from './margins.js';
import { CLASS_NAMES, DAMAGE_NAMES } from './names.js';
import { checksum, featuresBy, halvesOf, replaceFiles, saveHalf } from './network-files.js';
import { networkGraph, networkSizes } from './network-graph.js';
import { readNpyPictures } from './npy-pictures.js';
import { pictureGrid } from './picture-grid.js';
import { readTrainingRecord } from './training-record.js';

export interface MakeFeatureNetworkOptions {
  /** A workplace of tools/train: model/judge.safetensors, held-out.npy, judge.curve.jsonl, report.json. */
  readonly work: string;
  /** Gets feature-network.onnx, reference.bin and feature-network.json. */
  readonly out: string;
  /** Gets `real.png`, the first held-out pictures for tests. */
  readonly fixtures: string;
}

const FIXTURE_PICTURES = 240;
const FIXTURE_COLUMNS = 24;

/** The description last: it tells which of the others belong together. */
const FILES = ['feature-network.onnx', 'reference.bin', 'feature-network.json'] as const;
const FIXTURE = 'real.png';

/**
 * Makes the feature network's files: the graph, with weights stored in half precision, what it sees in the held-out pictures, and
 * their description. They are made beside their places and moved once all are there, so that a failure leaves the feature network
 * as it was.
 */
export async function makeFeatureNetwork({
  work,
  out,
  fixtures,
}: MakeFeatureNetworkOptions): Promise<FeatureNetworkDescription> {
  const fixture = join(fixtures, `${FIXTURE}.part`);
  try {
    return await replaceFiles(out, FILES, async (made) => {
      const network = await makeFiles(work, made, fixture);
      await rename(fixture, join(fixtures, FIXTURE));
      return network;
    });
  } finally {
    await rm(fixture, { force: true });
  }
}

async function makeFiles(work: string, out: string, fixture: string): Promise<FeatureNetworkDescription> {
  // First, since it may be missing and the rest takes a minute.
  const record = await readTrainingRecord(join(work, 'judge.curve.jsonl'), join(work, 'report.json'));
  const pictures = await readNpyPictures(join(work, 'held-out.npy'));
  const { width, height } = pictures[0]!;
  const weights = await openTensors(join(work, 'model', 'judge.safetensors'));
  const graphPath = join(out, 'feature-network.onnx');
  const sizes = networkSizes(weights, width);
  await saveHalf(networkGraph(weights, sizes), graphPath).finally(() => weights.close());
  const network: NetworkDescription = {
    name: 'tessera-judge',
    input: { name: 'image', width, height, layout: 'nchw', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    features: { output: 'features', width: sizes.features },
    classes: { output: 'classes', names: [...CLASS_NAMES] },
    damages: { output: 'damages', names: [...DAMAGE_NAMES] },
  };
  const measured = await featuresBy(graphPath, network, pictures);
  const referencePath = join(out, 'reference.bin');
  await writeFile(referencePath, halvesOf(measured.features));
  const labels = pictures.map((_, k) => k % CLASS_NAMES.length);

  const description = parseFeatureNetwork(
    JSON.stringify({
      format: 'tessera-feature-network',
      version: 1,
      network,
      graph: { path: 'feature-network.onnx', ...(await checksum(graphPath)) },
      reference: {
        path: 'reference.bin',
        ...(await checksum(referencePath)),
        name: `${pictures.length} held-out renders`,
        count: pictures.length,
        classAccuracy: classAccuracy(measured.classes!, labels),
        damages: corruptionShares(measured.damages!, DAMAGE_NAMES),
      },
      margins: MARGINS,
      training: {
        text: 'Trained by tools/train on renders, half of them damaged, to tell class, kind of damage and layout.',
        ...record,
      },
    }),
  );
  await writeFile(join(out, 'feature-network.json'), `${JSON.stringify(description, null, 2)}\n`);
  const sheet = pictureGrid(pictures.slice(0, FIXTURE_PICTURES), FIXTURE_COLUMNS);
  await writeFile(fixture, encode({ ...sheet, channels: 3, depth: 8 }, { zlib: { level: 9 } }));
  return description;
}
