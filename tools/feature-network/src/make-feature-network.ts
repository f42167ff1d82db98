import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { float32ToFloat16, openTensors, saveGraph } from '@tessera/convert';
import type { ImageRgb } from '@tessera/core';
import {
  classAccuracy,
  corruptionShares,
  type ExtractedFeatures,
  type FeatureNetworkDescription,
  type NetworkDescription,
  onnxNetwork,
  parseFeatureNetwork,
} from '@tessera/evaluate';
import { encode } from 'fast-png';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { MARGINS } from './margins.js';
import { CLASS_NAMES, DAMAGE_NAMES } from './names.js';
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

export interface MadeFeatureNetwork {
  readonly description: FeatureNetworkDescription;
  readonly graphBytes: number;
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
}: MakeFeatureNetworkOptions): Promise<MadeFeatureNetwork> {
  await mkdir(out, { recursive: true });
  const made = await mkdtemp(join(out, 'new-'));
  const fixture = join(fixtures, `${FIXTURE}.part`);
  try {
    const network = await makeFiles(work, made, fixture);
    for (const name of FILES) await rename(join(made, name), join(out, name));
    await rename(fixture, join(fixtures, FIXTURE));
    return network;
  } finally {
    await rm(made, { recursive: true, force: true });
    await rm(fixture, { force: true });
  }
}

async function makeFiles(work: string, out: string, fixture: string): Promise<MadeFeatureNetwork> {
  // First, since it may be missing and the rest takes a minute.
  const record = await readTrainingRecord(join(work, 'judge.curve.jsonl'), join(work, 'report.json'));
  const pictures = await readNpyPictures(join(work, 'held-out.npy'));
  const { width, height } = pictures[0]!;
  const weights = await openTensors(join(work, 'model', 'judge.safetensors'));
  const graphPath = join(out, 'feature-network.onnx');
  const sizes = networkSizes(weights, width);
  try {
    // Computed with as rounded: the reference sees the same network as the pictures to be measured.
    const { keptFloat32 } = await saveGraph(networkGraph(weights, sizes), graphPath, { storage: 'fp16' });
    if (keptFloat32.length > 0) throw new Error(`Weights beyond half precision: ${keptFloat32.join(', ')}.`);
  } finally {
    await weights.close();
  }
  const network: NetworkDescription = {
    name: 'tessera-judge',
    input: { name: 'image', width, height, layout: 'nchw', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    features: { output: 'features', width: sizes.features },
    classes: { output: 'classes', names: [...CLASS_NAMES] },
    damages: { output: 'damages', names: [...DAMAGE_NAMES] },
  };
  const measured = await featuresBy(graphPath, network, pictures);
  const halves = float32ToFloat16(measured.features);
  if (!halves) throw new Error('A feature of a held-out picture is beyond half precision.');
  const referencePath = join(out, 'reference.bin');
  await writeFile(referencePath, halves);
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
  return { description, graphBytes: (await stat(graphPath)).size };
}

async function featuresBy(
  graph: string,
  description: NetworkDescription,
  pictures: readonly ImageRgb[],
): Promise<ExtractedFeatures> {
  const session = await InferenceSession.create(graph);
  try {
    return await onnxNetwork({ session, Tensor, description }).extract(pictures);
  } finally {
    await session.release();
  }
}

async function checksum(path: string): Promise<{ bytes: number; sha256: string }> {
  const bytes = await readFile(path);
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}
