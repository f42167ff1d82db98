import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type MeasuredPicture,
  parseFeatureNetwork,
  type RecordedVariant,
  recordedBytes,
} from '@tessera/evaluate';
import { checksum, replaceFiles } from './network-files.js';

export interface RecordVariantOptions {
  /** The folder of `tessera evaluate --out`. */
  readonly evaluation: string;
  /** The variant's name in it. */
  readonly arm: string;
  /** A network's folder: gets the pictures, and their description in `feature-network.json`. */
  readonly network: string;
  /** The pictures' file, without its ending. */
  readonly name: string;
}

interface DrawnLine extends Pick<RecordedVariant, 'threads' | 'versions' | 'machine'> {
  readonly index: number;
  readonly sitting: string;
  readonly seconds: number;
  readonly passes: number;
  readonly headEvaluations: number;
}

interface SeenLine extends Pick<MeasuredPicture, 'index' | 'seenClass' | 'seenDamage'> {
  readonly sitting: string;
  readonly features: string;
}

/**
 * Adds what a network saw in a variant's pictures to the network's files, so that evaluations by others need not draw them:
 * a slow reference such as MAR 64 × 100 takes an hour. One of the same name is replaced.
 *
 * @throws Error where there is no such variant, or its pictures were drawn in several ways
 */
export async function recordVariant({
  evaluation,
  arm,
  network,
  name,
}: RecordVariantOptions): Promise<RecordedVariant> {
  const json = async <T>(...path: string[]): Promise<T> =>
    JSON.parse(await readFile(join(...path), 'utf8')) as T;
  const lines = async <T>(...path: string[]): Promise<T[]> =>
    (await readFile(join(...path), 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as T);

  const { folder, description } = await armFolder(evaluation, arm);
  const seenFile = (await readdir(folder)).find((file) => /^seen-.*\.jsonl$/.test(file));
  if (!seenFile) throw new Error(`No network has seen the pictures of ${arm}.`);
  const drawn = new Map((await lines<DrawnLine>(folder, 'drawn.jsonl')).map((line) => [line.index, line]));
  const seen = new Map(
    (await lines<SeenLine>(folder, seenFile)).map((line) => [`${line.index} ${line.sitting}`, line]),
  );
  const pictures: MeasuredPicture[] = [];
  for (let index = 0; ; index++) {
    const made = drawn.get(index);
    const found = made && seen.get(`${index} ${made.sitting}`);
    if (!found) break;
    const bytes = Uint8Array.from(Buffer.from(found.features, 'base64'));
    pictures.push({
      ...{ index, features: new Float32Array(bytes.buffer) },
      ...{ seenClass: found.seenClass, seenDamage: found.seenDamage },
      ...{ seconds: made.seconds, passes: made.passes, headEvaluations: made.headEvaluations },
    });
  }
  const ways = new Set(
    [...drawn.values()].map(({ threads, versions, machine, passes, headEvaluations }) =>
      JSON.stringify({ threads, versions, machine, passes, headEvaluations }),
    ),
  );
  const [way, ...others] = ways;
  if (way === undefined || others.length > 0) {
    throw new Error(
      `The pictures of ${arm} were drawn in ${ways.size} ways: draw them into a folder of their own.`,
    );
  }
  const { sha256, seed, dtype } = await json<{ sha256: string; seed: number; dtype: string }>(
    evaluation,
    'evaluation.json',
  );
  const path = `${name}.bin`;
  return replaceFiles(network, [path, 'feature-network.json'], async (made) => {
    await writeFile(join(made, path), recordedBytes(pictures));
    const recorded: RecordedVariant = {
      ...{ path, ...(await checksum(join(made, path))) },
      ...{ model: sha256, dtype, seed, description, count: pictures.length },
      ...(JSON.parse(way) as Pick<
        DrawnLine,
        'threads' | 'versions' | 'machine' | 'passes' | 'headEvaluations'
      >),
    };
    const before = parseFeatureNetwork(await readFile(join(network, 'feature-network.json'), 'utf8'));
    const others = (before.recorded ?? []).filter((each) => each.path !== path);
    const after = parseFeatureNetwork(JSON.stringify({ ...before, recorded: [...others, recorded] }));
    await writeFile(join(made, 'feature-network.json'), `${JSON.stringify(after, null, 2)}\n`);
    return recorded;
  });
}

async function armFolder(evaluation: string, arm: string): Promise<{ folder: string; description: unknown }> {
  const names: string[] = [];
  for (const key of await readdir(join(evaluation, 'arms'))) {
    const folder = join(evaluation, 'arms', key);
    const { name, description } = JSON.parse(await readFile(join(folder, 'arm.json'), 'utf8')) as {
      name: string;
      description: unknown;
    };
    if (name === arm) return { folder, description };
    names.push(name);
  }
  throw new Error(`There is no variant "${arm}" in ${evaluation}. There are: ${names.join(', ')}.`);
}
