import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openTensors } from '@tessera/convert';
import type { ImageRgb } from '@tessera/core';
import {
  corruptionShares,
  type ExtractedFeatures,
  type FeatureNetworkDescription,
  frechetDistance,
  frechetReference,
  type KnownThing,
  kernelDistance,
  kernelReference,
  manifoldOf,
  meetsPrompt,
  type NetworkDescription,
  type PromptSet,
  parseFeatureNetwork,
  parsePromptSet,
  precisionAndRecall,
} from '@tessera/evaluate';
import { DAMAGE_NAMES } from './names.js';
import { checksum, featuresBy, halvesOf, replaceFiles, saveHalf } from './network-files.js';
import { readNpyPictures } from './npy-pictures.js';
import { sceneGraph, sceneSizes } from './scene-graph.js';

export interface MakeSceneNetworkOptions {
  /** A workplace of tools/train's text model: model/judge.safetensors, report.json, prompts.json and prompt-scenes.npy. */
  readonly work: string;
  /** Gets feature-network.onnx, reference.bin, prompts.json and feature-network.json. */
  readonly out: string;
  /** Passes pictures through the autoencoder of the embedded text model. */
  readonly code: (pictures: readonly ImageRgb[]) => Promise<readonly ImageRgb[]>;
}

/** The description last: it tells which of the others belong together. */
const FILES = ['feature-network.onnx', 'reference.bin', 'prompts.json', 'feature-network.json'] as const;

/** Middles that are no more cells apart are one thing: `_APART` of tools/train/train/text/judge/detect.py. */
const APART = 3;

/**
 * A difference in score that doesn't matter, 3 points: the interval of 1,200 pictures, paired, is about as wide. What the
 * autoencoder costs is less, and could call nothing the same.
 */
const SCORE_MARGIN = 0.03;

/** What the training reported: shares of held-out scenes that the network sees right, by what of them. */
type Reported = Readonly<Record<'steps' | 'samples' | 'parameters' | 'object' | 'colour' | 'all', number>>;

/** `prompts.json` of tools/train. */
interface PromptFile extends PromptSet {
  readonly things: NonNullable<NetworkDescription['cells']>['things'];
  readonly colours: string[];
  readonly sizes: string[];
}

/**
 * Makes the scene network's files: the graph, with weights stored in half precision, what it sees in real scenes of the
 * prompts, the prompts, and their description.
 *
 * Its margins are as those of the class network in `margins.ts`: half of what the text model's autoencoder alone costs in
 * distances, and all of that in recall.
 */
export async function makeSceneNetwork({
  work,
  out,
  code,
}: MakeSceneNetworkOptions): Promise<FeatureNetworkDescription> {
  return replaceFiles(out, FILES, async (made) => {
    // First, since it may be missing and the rest takes minutes.
    const { judge } = JSON.parse(await readFile(join(work, 'report.json'), 'utf8')) as { judge: Reported };
    const { steps, samples, parameters: _, ...recognised } = judge;
    const file = JSON.parse(await readFile(join(work, 'prompts.json'), 'utf8')) as PromptFile;
    const { things, colours, sizes } = file;
    const set = { skills: file.skills, prompts: file.prompts };
    const prompts = parsePromptSet(JSON.stringify(set), things.length);
    const pictures = await readNpyPictures(join(work, 'prompt-scenes.npy'));
    const { width, height } = pictures[0]!;

    const weights = await openTensors(join(work, 'model', 'judge.safetensors'));
    const outputs = sceneSizes(weights, width);
    const graph = join(made, 'feature-network.onnx');
    await saveHalf(sceneGraph(weights, outputs), graph).finally(() => weights.close());
    const network: NetworkDescription = {
      name: 'tessera-scenes',
      input: { name: 'image', width, height, layout: 'nchw', mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
      features: { output: 'features', width: outputs.features },
      damages: { output: 'damages', names: [...DAMAGE_NAMES] },
      cells: { output: 'cells', apart: APART, things, colours, sizes },
    };
    const seen = await featuresBy(graph, network, pictures);
    await writeFile(join(made, 'reference.bin'), halvesOf(seen.features));
    await writeFile(join(made, 'prompts.json'), `${JSON.stringify(prompts)}\n`);
    const some = pictures.slice(0, prompts.prompts.length);
    const margins = marginsOf(await featuresBy(graph, network, await code(some)), seen, outputs.features);

    const description = parseFeatureNetwork(
      JSON.stringify({
        format: 'tessera-feature-network',
        version: 1,
        network,
        graph: { path: 'feature-network.onnx', ...(await checksum(graph)) },
        prompts: { path: 'prompts.json', ...(await checksum(join(made, 'prompts.json'))) },
        reference: {
          path: 'reference.bin',
          ...(await checksum(join(made, 'reference.bin'))),
          name: `${pictures.length} scenes of the prompts`,
          groups: prompts.skills.length,
          count: pictures.length,
          classAccuracy: scoreOf(seen, prompts, things),
          damages: corruptionShares(seen.damages!, DAMAGE_NAMES),
        },
        margins,
        training: {
          text: 'Trained by tools/train on scenes, a quarter of them damaged, to find things with their colours and sizes, and to tell background, kind of damage and layout.',
          steps,
          pictures: samples,
          recognised,
        },
      }),
    );
    await writeFile(join(made, 'feature-network.json'), `${JSON.stringify(description, null, 2)}\n`);
    return description;
  });
}

/** Share of pictures in which the network finds what their prompts ask for. */
export function scoreOf(
  { things: found = [] }: Pick<ExtractedFeatures, 'things'>,
  { prompts }: PromptSet,
  things: readonly KnownThing[],
): number {
  const met = found.filter((each, k) => meetsPrompt(prompts[k % prompts.length]!, each, things));
  return met.length / found.length;
}

/** What coding costs the first real pictures, held against the others. */
function marginsOf(
  coded: ExtractedFeatures,
  real: ExtractedFeatures,
  width: number,
): NonNullable<FeatureNetworkDescription['margins']> {
  const side = coded.features.length;
  const others = real.features.subarray(side);
  const [frechet, kernel] = [frechetReference(others, width), kernelReference(others, width)];
  const asMany = manifoldOf(others.subarray(0, side), width);
  const [floor, cost] = [real.features.subarray(0, side), coded.features].map((features) => ({
    frechet: frechetDistance(features, frechet),
    kid: kernelDistance(features, kernel),
    recall: precisionAndRecall(manifoldOf(features, width), asMany).recall,
  }));
  const rounded = (value: number): number => Number(Math.max(0, value).toPrecision(2));
  return {
    frechet: rounded((cost!.frechet - floor!.frechet) / 2),
    kid: rounded((cost!.kid - floor!.kid) / 2),
    recall: rounded(floor!.recall - cost!.recall),
    score: SCORE_MARGIN,
  };
}
