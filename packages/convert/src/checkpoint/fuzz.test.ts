import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CheckpointFormatError } from '../errors.js';
import { inTemporaryFolder } from '../testing/golden.js';
import { randomNumbers } from '../testing/random-weights.js';
import { TorchTensorToWrite, writeLegacyTorch, writeTorch } from '../testing/write-torch.js';
import type { RandomAccess } from './random-access.js';
import { readTensors } from './read-tensors.js';
import { writeSafetensors } from './safetensors-writer.js';

/** Damaged files that are tried; the README names the command that tries more. */
const COUNT = Number(process.env.TESSERA_FUZZ ?? 2000);
const MOST_SECONDS = 2;
const MOST_BYTES = 256 * 2 ** 20;

const memory = (bytes: Uint8Array): RandomAccess => ({
  path: 'fuzz',
  size: bytes.length,
  read: async (offset, length) => {
    if (offset < 0 || offset + length > bytes.length) throw new RangeError('read beyond the end');
    return Uint8Array.from(bytes.subarray(offset, offset + length));
  },
  close: () => Promise.resolve(),
});

const TELLING = [0, 1, 2, 0x28, 0x2e, 0x51, 0x52, 0x62, 0x71, 0x75, 0x7f, 0x80, 0x85, 0x8b, 0x8d, 0x95, 0xff];

/** One to four changes: bits, telling bytes, whole numbers of ones, cuts, copies of a part elsewhere. */
function damage(whole: Uint8Array, pick: (limit: number) => number): Uint8Array {
  let bytes = Uint8Array.from(whole);
  for (let change = pick(4); change >= 0 && bytes.length > 0; change--) {
    const at = pick(bytes.length);
    const end = Math.min(bytes.length, at + 1 + pick(16));
    const kind = pick(6);
    if (kind === 0) bytes[at]! ^= 1 << pick(8);
    else if (kind === 1) bytes[at] = TELLING[pick(TELLING.length)]!;
    else if (kind === 2) bytes.fill(pick(2) * 255, at, Math.min(bytes.length, at + 2 ** pick(4)));
    else if (kind === 3) bytes = Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(end));
    else if (kind === 4) bytes.copyWithin(pick(bytes.length), at, end);
    else bytes = Uint8Array.of(...bytes.subarray(0, end), ...bytes.subarray(at));
  }
  return bytes;
}

async function wholeFiles(): Promise<Uint8Array[]> {
  const tensor = (count: number) =>
    new TorchTensorToWrite('F32', [count], () => new Uint8Array(new Float32Array(count).fill(1).buffer));
  const value = { model: { a: tensor(2), b: { c: tensor(3) } }, epoch: 3, args: { lr: 0.5, name: 'mar' } };
  return inTemporaryFolder(async (folder) => {
    const path = join(folder, 'a');
    const files: Uint8Array[] = [];
    const tensors = {
      a: { shape: [2], data: Float32Array.of(1, 2) },
      b: { shape: [], data: Uint8Array.of(1) },
    };
    for (const write of [writeTorch, writeLegacyTorch]) {
      await write(path, value);
      files.push(await readFile(path));
    }
    await writeSafetensors(path, tensors, { format: 'pt' });
    return [...files, await readFile(path)];
  });
}

it('a damaged checkpoint is read or refused with a typed error, in little time and memory', {
  timeout: 1000 + COUNT * 5,
}, async () => {
  const files = await wholeFiles();
  const outcomes = { read: 0, refused: 0 };
  const before = process.resourceUsage().maxRSS * 1024;
  const next = randomNumbers(1);
  const pick = (limit: number): number => Math.floor(((next() + 1) / 2) * limit);
  let slowest = 0;
  for (let trial = 0; trial < COUNT; trial++) {
    const bytes = damage(files[trial % files.length]!, pick);
    const started = performance.now();
    try {
      const file = await readTensors(memory(bytes));
      for (const name of file.names) await file.readBytes(name);
      outcomes.read++;
    } catch (error) {
      if (!CheckpointFormatError.isInstance(error)) throw new Error(`trial ${trial}`, { cause: error });
      outcomes.refused++;
    }
    slowest = Math.max(slowest, performance.now() - started);
  }
  expect(outcomes.read).toBeGreaterThan(COUNT / 100);
  expect(outcomes.refused).toBeGreaterThan(COUNT / 2);
  expect(slowest).toBeLessThan(1000 * MOST_SECONDS);
  expect(process.resourceUsage().maxRSS * 1024 - before).toBeLessThan(MOST_BYTES);
});
