import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '@tessera/format';
import { type ReferenceReport, verifyReferenceSample } from '@tessera/onnx';
import type { LoadModelOptions } from '@tessera/runtime-node';
import type { ModelLoader } from './command-context.js';

/** What a model's recorded sample says of a device. */
export interface Replay extends ReferenceReport {
  readonly device: string;
  readonly dtype: string;
  readonly precision: string;
  /** Why it isn't fp16, which was requested. */
  readonly precisionReason?: string;
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
  const model = await loadModel(folder, { ...options, verify: false });
  try {
    const { device, dtype, precision, precisionReason } = model;
    return {
      ...(await verifyReferenceSample(model, sample, dtype, precision)),
      ...{ device, dtype, precision },
      ...(precisionReason === undefined ? {} : { precisionReason }),
    };
  } finally {
    await model.dispose();
  }
}

/** A line a check, e.g. `z       largest error 1.2e-6, allowed 2.0e-3  ok`. */
export function referenceLines({ checks }: ReferenceReport): string[] {
  return checks.map(({ name, largestError, tolerance }) => {
    const verdict = largestError <= tolerance ? 'ok' : 'TOO LARGE';
    return `${name.padEnd(6)}  largest error ${largestError.toExponential(1)}, allowed ${tolerance.toExponential(1)}  ${verdict}`;
  });
}
