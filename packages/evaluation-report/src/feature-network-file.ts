import { createHash } from 'node:crypto';
import { createReadStream, existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type AskedPrompts,
  type FeatureNetwork,
  type FeatureNetworkDescription,
  FeatureNetworkError,
  featureNetworkReference,
  type MeasuredPicture,
  type NetworkDescription,
  onnxNetwork,
  parseFeatureNetwork,
  parseNetworkDescription,
  parsePromptSet,
  type RecordedVariant,
  type ReferencePictures,
  recordedPictures,
} from '@tessera/evaluate';
import { decodeText } from '@tessera/format';
import { disableTelemetry } from '@tessera/runtime-node';
import type { InferenceSession } from 'onnxruntime-node';
import { EvaluationRequestError } from './evaluation-request-error.js';
import { externalDataFiles } from './external-data.js';

/** A feature network that was loaded from files. */
export interface LoadedNetwork {
  readonly network: FeatureNetwork;
  /** Hash of its graph, weights beside it and description: whose features are whose. */
  readonly key: string;
  /** Names of the classes that it tells apart, if it does. */
  readonly classNames?: readonly string[];
  /** Real pictures that come with it. */
  readonly reference?: ReferencePictures;
  /** Variants whose pictures were drawn before, and what it saw in them. */
  readonly recorded?: readonly Recorded[];
  /** Prompts that it can check. */
  readonly prompts?: AskedPrompts;
  /** Differences that don't matter in its features, where they are known. */
  readonly margins?: NonNullable<FeatureNetworkDescription['margins']>;
}

/** A variant that was drawn before, with the reading of its pictures. */
export interface Recorded {
  readonly variant: RecordedVariant;
  pictures(): Promise<readonly MeasuredPicture[]>;
}

/** The description of a folder's network, its graph and its real pictures. The second is the name of the first ones. */
const DESCRIPTIONS = ['feature-network.json', 'judge.json'] as const;

/**
 * Loads the network of scenes that comes with @tessera/evaluate, by which pictures of prompts are measured.
 *
 * @throws FeatureNetworkError as {@link loadNetwork} does
 */
export async function loadSceneNetwork(): Promise<LoadedNetwork> {
  const { sceneNetworkFolder } = await import('@tessera/evaluate/scene-network');
  return loadDescribed(fileURLToPath(sceneNetworkFolder), DESCRIPTIONS[0]);
}

/**
 * Loads the feature network that comes with @tessera/evaluate; or a network of one's own: an `.onnx` file with its description
 * beside it under the same name as `.json`, or a folder with `network.onnx` and `network.json`, or with a
 * `feature-network.json`.
 *
 * @throws EvaluationRequestError where there is no such file, or it is no `.onnx`
 * @throws FeatureNetworkError where the graph can't be run, it doesn't fit the description, or a folder's files are not those that
 *   its description names
 */
export async function loadNetwork(location?: string): Promise<LoadedNetwork> {
  if (location === undefined) {
    const { featureNetworkFolder } = await import('@tessera/evaluate/feature-network');
    return loadDescribed(fileURLToPath(featureNetworkFolder), DESCRIPTIONS[0]);
  }
  if (!existsSync(location)) throw new EvaluationRequestError(`There is no feature network at ${location}.`);
  if (!statSync(location).isDirectory()) return loadGraph(location);
  const described = DESCRIPTIONS.find((name) => existsSync(join(location, name)));
  if (described !== undefined) return loadDescribed(location, described);
  return loadGraph(join(location, 'network.onnx'));
}

async function loadDescribed(folder: string, name: string): Promise<LoadedNetwork> {
  const description = parseFeatureNetwork(decodeText(await readFile(join(folder, name)), name));
  const graph = await readDescribed(folder, description.graph);
  const bytes = await readDescribed(folder, description.reference);
  const halves = Uint16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16LE(i * 2));
  return {
    ...(await open(join(folder, description.graph.path), graph, description.network)),
    reference: featureNetworkReference(description, halves),
    ...(description.margins ? { margins: description.margins } : {}),
    ...(await promptsOf(folder, description)),
    recorded: (description.recorded ?? []).map((variant) => ({
      variant,
      pictures: async () =>
        recordedPictures(variant, await readDescribed(folder, variant), description.network.features.width),
    })),
  };
}

async function promptsOf(
  folder: string,
  { prompts, network: { cells } }: FeatureNetworkDescription,
): Promise<Pick<LoadedNetwork, 'prompts'>> {
  if (!prompts || !cells) return {};
  const json = decodeText(await readDescribed(folder, prompts), prompts.path);
  return { prompts: { ...parsePromptSet(json, cells.things.length), things: cells.things } };
}

/** A feature network's file: a graph and features of another training would be compared as if they were one network's. */
async function readDescribed(
  folder: string,
  { path, bytes, sha256 }: FeatureNetworkDescription['graph'],
): Promise<Buffer> {
  const content = await readFile(join(folder, path));
  const found = createHash('sha256').update(content).digest('hex');
  const problems = [
    ...(content.length === bytes
      ? []
      : [`${path} has ${content.length} bytes, and its description says ${bytes}`]),
    ...(found === sha256 ? [] : [`the SHA-256 of ${path} is ${found}, and its description says ${sha256}`]),
  ];
  if (problems.length === 0) return content;
  throw new FeatureNetworkError(`The feature network in ${folder}`, [
    ...problems,
    'its files are not of one making; copy them again, all together',
  ]);
}

async function loadGraph(path: string): Promise<LoadedNetwork> {
  const kind = 'A feature network is a graph, NAME.onnx, and NAME.json beside it, which says how to feed it';
  if (!/\.onnx$/i.test(path))
    throw new EvaluationRequestError(`${kind}; ${path} is no graph. Give the NAME.onnx.`);
  const descriptionPath = path.replace(/\.onnx$/i, '.json');
  for (const each of [path, descriptionPath]) {
    if (!existsSync(each)) throw new EvaluationRequestError(`${kind}; there is no ${each}.`);
  }
  const description = parseNetworkDescription(decodeText(await readFile(descriptionPath), descriptionPath));
  return open(path, await readFile(path), description);
}

/** @param graph what the file `path` holds */
async function open(path: string, graph: Buffer, description: NetworkDescription): Promise<LoadedNetwork> {
  disableTelemetry();
  const ort = await import('onnxruntime-node');
  let session: InferenceSession;
  try {
    // By its path, since weights may lie beside it.
    session = await ort.InferenceSession.create(path, { executionProviders: ['cpu'] });
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new FeatureNetworkError(`The graph ${path}`, [words], { cause });
  }
  return {
    network: onnxNetwork({ session, Tensor: ort.Tensor, description }),
    key: await keyOf(path, graph, description),
    ...(description.classes ? { classNames: description.classes.names } : {}),
  };
}

async function keyOf(path: string, graph: Buffer, description: NetworkDescription): Promise<string> {
  const hash = createHash('sha256').update(graph).update(JSON.stringify(description));
  for (const name of externalDataFiles(graph)) {
    for await (const bytes of createReadStream(join(dirname(path), name))) hash.update(bytes as Buffer);
  }
  return hash.digest('hex').slice(0, 12);
}
