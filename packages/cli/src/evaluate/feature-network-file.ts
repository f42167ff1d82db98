import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type ComparedMetric,
  type FeatureNetwork,
  FeatureNetworkError,
  type JudgeDescription,
  judgeReference,
  type NetworkDescription,
  onnxNetwork,
  parseJudge,
  parseNetworkDescription,
  type ReferencePictures,
} from '@tessera/evaluate';
import { UsageError } from '../usage-error.js';

/** A feature network that was loaded from files. */
export interface LoadedNetwork {
  readonly network: FeatureNetwork;
  /** Hash of its graph and description: whose features are whose. */
  readonly key: string;
  /** Names of the classes that it tells apart, if it does. */
  readonly classNames?: readonly string[];
  /** Real pictures that come with it. */
  readonly reference?: ReferencePictures;
  /** Differences that don't matter in its features, where they are known. */
  readonly margins?: Readonly<Record<ComparedMetric, number>>;
}

/**
 * Loads the judge that comes with @tessera/evaluate; or a network of one's own: an `.onnx` file with its description
 * beside it under the same name as `.json`, or a folder with `network.onnx` and `network.json`, or with a `judge.json`.
 *
 * @throws UsageError where there is no such file
 * @throws FeatureNetworkError where graph and description don't fit, or a judge's files are not those that it describes
 */
export async function loadNetwork(location?: string): Promise<LoadedNetwork> {
  if (location === undefined) {
    const { judgeFolder } = await import('@tessera/evaluate/judge');
    return loadJudge(fileURLToPath(judgeFolder));
  }
  if (!existsSync(location)) throw new UsageError(`There is no feature network at ${location}.`);
  if (!statSync(location).isDirectory()) return loadGraph(location);
  if (existsSync(join(location, 'judge.json'))) return loadJudge(location);
  return loadGraph(join(location, 'network.onnx'));
}

async function loadJudge(folder: string): Promise<LoadedNetwork> {
  const description = parseJudge(await readFile(join(folder, 'judge.json'), 'utf8'));
  const graph = await readDescribed(folder, description.graph);
  const bytes = await readDescribed(folder, description.reference);
  const halves = Uint16Array.from({ length: bytes.length / 2 }, (_, i) => bytes.readUInt16LE(i * 2));
  return {
    ...(await open(graph, description.network)),
    reference: judgeReference(description, halves),
    ...(description.margins ? { margins: description.margins } : {}),
  };
}

/** A judge's file: a graph and features of another training would be compared as if they were one network's. */
async function readDescribed(
  folder: string,
  { path, bytes, sha256 }: JudgeDescription['graph'],
): Promise<Buffer> {
  const content = await readFile(join(folder, path));
  const found = createHash('sha256').update(content).digest('hex');
  const problems = [
    ...(content.length === bytes
      ? []
      : [`${path} has ${content.length} bytes, and judge.json says ${bytes}`]),
    ...(found === sha256 ? [] : [`the SHA-256 of ${path} is ${found}, and judge.json says ${sha256}`]),
  ];
  if (problems.length === 0) return content;
  throw new FeatureNetworkError(`The judge in ${folder}`, [
    ...problems,
    'its files are not of one making; copy them again, all together',
  ]);
}

async function loadGraph(path: string): Promise<LoadedNetwork> {
  const descriptionPath = path.replace(/\.onnx$/i, '.json');
  for (const each of [path, descriptionPath]) {
    if (!/\.(onnx|json)$/i.test(each) || !existsSync(each)) {
      throw new UsageError(
        `A feature network is a graph, NAME.onnx, and NAME.json beside it, which says how to feed it; there is no ${each}.`,
      );
    }
  }
  return open(await readFile(path), parseNetworkDescription(await readFile(descriptionPath, 'utf8')));
}

async function open(graph: Buffer, description: NetworkDescription): Promise<LoadedNetwork> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node');
  const session = await InferenceSession.create(graph, { executionProviders: ['cpu'] });
  const key = createHash('sha256')
    .update(graph)
    .update(JSON.stringify(description))
    .digest('hex')
    .slice(0, 12);
  return {
    network: onnxNetwork({ session, Tensor, description }),
    key,
    ...(description.classes ? { classNames: description.classes.names } : {}),
  };
}
