import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { writeJson } from '../files/written-file.js';
import { EvaluationFolderError, readFolderFile } from './folder-file.js';

const schema = v.strictObject({
  format: v.literal('tessera-evaluation-folder'),
  version: v.literal(1),
  model: v.string(),
  sha256: v.string(),
  seed: v.number(),
  device: v.string(),
  dtype: v.string(),
  batch: v.number(),
  /** Hash of the prompts; absent where classes are drawn. */
  prompts: v.exactOptional(v.string()),
});

/** What all pictures in a folder have in common; `evaluation.json`. */
export type FolderIdentity = Omit<v.InferOutput<typeof schema>, 'format' | 'version'>;

/**
 * Makes a folder that of this evaluation, or sees to it that it is. One that another evaluation has claimed and not drawn
 * into is free.
 *
 * @throws EvaluationFolderError that says what differs
 */
export async function claimFolder(folder: string, identity: FolderIdentity): Promise<void> {
  const path = join(folder, 'evaluation.json');
  const found = await readFolderFile(
    path,
    schema,
    "can't be read as an evaluation of this version. Choose another folder by --out, or delete it.",
  );
  if (!found || (isAnother(found, identity) && !(await isDrawnInto(folder)))) {
    await writeJson(path, { format: 'tessera-evaluation-folder', version: 1, ...identity });
    return;
  }
  if (!isAnother(found, identity)) return;
  const shown = (each: FolderIdentity): FolderIdentity => ({ ...each, sha256: each.sha256.slice(0, 12) });
  const [before, now] = [shown(found), shown(identity)];
  const differences = keysOf(found, identity)
    .filter((key) => found[key] !== identity[key])
    .map((key) => `${key}: ${before[key]} → ${now[key]}`);
  throw new EvaluationFolderError(
    `${folder} holds another evaluation:\n${differences.map((line) => `  - ${line}`).join('\n')}\n` +
      'Choose another folder by --out, or delete this one.',
    differences,
  );
}

function isAnother(found: FolderIdentity, identity: FolderIdentity): boolean {
  return keysOf(found, identity).some((key) => found[key] !== identity[key]);
}

/** What either of the two says. */
function keysOf(found: FolderIdentity, identity: FolderIdentity): (keyof FolderIdentity)[] {
  const prompts = 'prompts' in found && !('prompts' in identity) ? ['prompts' as const] : [];
  return [...(Object.keys(identity) as (keyof FolderIdentity)[]), ...prompts];
}

/** Whether a variant has pictures, or a process that draws them. */
async function isDrawnInto(folder: string): Promise<boolean> {
  const arms = join(folder, 'arms');
  const names = existsSync(arms) ? await readdir(arms) : [];
  return names.some((name) => ['drawn.jsonl', 'lock'].some((file) => existsSync(join(arms, name, file))));
}
