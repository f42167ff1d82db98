import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeJson, writeWhole } from '@tessera/evaluation-report/files';
import type { Manifest } from '@tessera/format';
import { type ReferenceReport, recordReferenceSample, verifyReferenceSample } from '@tessera/onnx';
import type { LoadedModel, LoadModelOptions } from '@tessera/runtime-node';
import type { ModelLoader } from './command-context.js';

const PARITY_FILE = 'parity.json';

/** Runs a sample on the CPU, stores it in the model folder and names it in the manifest. */
export async function recordReference(
  folder: string,
  manifest: Manifest,
  loadModel: ModelLoader,
  signal: AbortSignal,
): Promise<Manifest> {
  const sample = await withModel(loadModel, folder, { device: 'cpu', signal }, recordReferenceSample);
  const text = Buffer.from(`${JSON.stringify(sample)}\n`);
  const entry = {
    path: PARITY_FILE,
    bytes: text.length,
    sha256: createHash('sha256').update(text).digest('hex'),
  };
  const files = [...manifest.files.filter(({ path }) => path !== PARITY_FILE), entry];
  const extended: Manifest = { ...manifest, parity: PARITY_FILE, files };
  // The sample first: a manifest must not name what is not there.
  await writeWhole(join(folder, PARITY_FILE), text);
  await writeJson(join(folder, 'mar.json'), extended);
  return extended;
}

/** What a model's recorded sample says of a device. */
export interface Replay extends ReferenceReport {
  readonly device: string;
  readonly dtype: string;
}

/** Runs the recorded sample again; undefined where the model has none. */
export async function replayReference(
  folder: string,
  manifest: Manifest,
  loadModel: ModelLoader,
  options: LoadModelOptions,
): Promise<Replay | undefined> {
  const { parity } = manifest;
  if (!parity) return undefined;
  const sample: unknown = JSON.parse(await readFile(join(folder, parity), 'utf8'));
  // Loading would refuse the device before it could be told by how much it is off.
  return withModel(loadModel, folder, { ...options, verify: false }, async (model) => ({
    ...(await verifyReferenceSample(model, sample, model.dtype)),
    device: model.device,
    dtype: model.dtype,
  }));
}

/** A line a check, e.g. `z       largest error 1.2e-6, allowed 2.0e-3  ok`. */
export function referenceLines({ checks }: ReferenceReport): string[] {
  return checks.map(({ name, largestError, tolerance }) => {
    const verdict = largestError <= tolerance ? 'ok' : 'TOO LARGE';
    return `${name.padEnd(6)}  largest error ${largestError.toExponential(1)}, allowed ${tolerance.toExponential(1)}  ${verdict}`;
  });
}

async function withModel<T>(
  loadModel: ModelLoader,
  folder: string,
  options: LoadModelOptions,
  use: (model: LoadedModel) => Promise<T>,
): Promise<T> {
  const model = await loadModel(folder, options);
  try {
    return await use(model);
  } finally {
    await model.dispose();
  }
}
