import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openTensors, type TensorToWrite, writeSafetensors } from '@tessera/convert';

/** The recorded set in the repository. */
export const GOLDEN = fileURLToPath(new URL('../../../../fixtures/golden', import.meta.url));

/** A copy of a part of the recorded set, to be changed. */
export interface GoldenCopy {
  readonly path: string;
  remove(): Promise<void>;
}

/** Copies directories of the recorded set, each under a new name. */
export async function copyGolden(names: Readonly<Record<string, string>>): Promise<GoldenCopy> {
  const path = await mkdtemp(join(tmpdir(), 'tessera-parity-test-'));
  for (const [from, to] of Object.entries(names)) {
    await cp(join(GOLDEN, from), join(path, to), { recursive: true });
  }
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** A case as `cases.json` lists it. */
export type RecordedCase = Record<string, unknown>;

/** Rewrites the list of cases of a directory. */
export async function editCases(
  directory: string,
  edit: (cases: readonly RecordedCase[]) => readonly RecordedCase[],
): Promise<void> {
  const path = join(directory, 'cases.json');
  const { cases } = JSON.parse(await readFile(path, 'utf8')) as { cases: RecordedCase[] };
  await writeFile(path, JSON.stringify({ cases: edit(cases) }));
}

/** Keeps the cases of some kinds, or names, only. */
export function only(
  ...wanted: readonly string[]
): (cases: readonly RecordedCase[]) => readonly RecordedCase[] {
  return (cases) =>
    cases.filter(({ kind, name }) => wanted.includes(`${kind}`) || wanted.includes(`${name}`));
}

/** Adds `amount` to one value of a tensor. */
export async function nudge(path: string, tensor: string, index: number, amount: number): Promise<void> {
  const file = await openTensors(path);
  const tensors: Record<string, TensorToWrite> = {};
  for (const name of file.names) tensors[name] = { shape: file.shape(name), data: await file.read(name) };
  await file.close();
  const data = tensors[tensor]!.data as Float32Array;
  data[index]! += amount;
  await writeSafetensors(path, tensors);
}
