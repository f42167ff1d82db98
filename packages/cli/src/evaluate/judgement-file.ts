import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Judgements } from '@tessera/evaluate';
import { writeWhole } from '../written-file.js';

/** Stands for what a network does not know. */
const UNKNOWN = -1;

/** Where judgements of `count` pictures are kept, `width` features each. */
export interface JudgementFile {
  readonly path: string;
  readonly count: number;
  readonly width: number;
}

/**
 * Judgements that were written before; none where there is no such file, or it is of other pictures.
 *
 * The file holds, little-endian, the features [count, width] as float32, then as int32 classes [count] and damages [count].
 */
export async function readJudgements({ path, count, width }: JudgementFile): Promise<Judgements | undefined> {
  if (!existsSync(path)) return undefined;
  const bytes = await readFile(path);
  if (bytes.length !== count * (width + 2) * 4) return undefined;
  const seen = (from: number): Int32Array | null => {
    const numbers = Int32Array.from({ length: count }, (_, i) => bytes.readInt32LE((from + i) * 4));
    return numbers.includes(UNKNOWN) ? null : numbers;
  };
  return {
    features: Float32Array.from({ length: count * width }, (_, i) => bytes.readFloatLE(i * 4)),
    classes: seen(count * width),
    damages: seen(count * (width + 1)),
  };
}

export async function writeJudgements(
  { path, count, width }: JudgementFile,
  { features, classes, damages }: Judgements,
): Promise<void> {
  const bytes = Buffer.alloc(count * (width + 2) * 4);
  for (const [i, value] of features.entries()) bytes.writeFloatLE(value, i * 4);
  for (let i = 0; i < count; i++) {
    bytes.writeInt32LE(classes?.[i] ?? UNKNOWN, (count * width + i) * 4);
    bytes.writeInt32LE(damages?.[i] ?? UNKNOWN, (count * (width + 1) + i) * 4);
  }
  await writeWhole(path, bytes);
}
