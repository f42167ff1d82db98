import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A fresh folder that goes when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await newTemporaryFolder();
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A fresh folder; the caller removes it. */
export function newTemporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'tessera-'));
}
