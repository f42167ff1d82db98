import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { CASE_KINDS, CHECKPOINT } from './cases/index.js';
import { holdsCachedHead } from './cases/lazymar-head.js';
import { holdsSchedules } from './cases/schedule.js';
import { holdsFrequencies } from './cases/timestep-frequencies.js';
import { GoldenDataError, sentence } from './golden-data-error.js';
import { JsonFields, readJsonFields } from './json-fields.js';

/** A case of a golden set, not yet replayed. */
export interface SetCase {
  /** Its directory, relative to the set's; empty for the set's own. */
  readonly directory: string;
  readonly kind: string;
  readonly name: string;
  /** Absent where the case can't even be read. */
  readonly fields?: JsonFields;
  /** Why it can't be replayed. */
  readonly problem?: string;
}

const CASES = 'cases.json';
const CONFIG = 'config.json';
const INDEX = 'index.json';
const WEIGHTS = 'weights.safetensors';

/**
 * Finds the cases of a golden set: what each `cases.json` lists, the checkpoints of each `index.json`, and, anywhere, JSON files with schedules or head
 * frequencies. Files are told by what they hold.
 *
 * @throws GoldenDataError where there is nothing of the kind
 */
export async function findCases(root: string): Promise<readonly SetCase[]> {
  const found: SetCase[] = [];
  for (const { path, files } of await directoriesOf(root)) {
    const directory = relative(root, path);
    const listed = await listedCases(path, directory, files);
    const used = new Set(
      listed
        .flatMap(({ fields }) => Object.values(fields?.values ?? {}))
        .filter((v) => typeof v === 'string'),
    );
    found.push(...listed, ...(files.includes(INDEX) ? await checkpointCases(path, directory) : []));
    for (const file of files) {
      if (!file.endsWith('.json') || [CASES, CONFIG, INDEX].includes(file) || used.has(file)) continue;
      found.push(...(await looseCases(path, directory, file)));
    }
  }
  if (found.length === 0) {
    throw new GoldenDataError(
      `${root} holds no golden data: no directory in it has a ${CASES} or an ${INDEX}, and no JSON file in it holds schedules.`,
    );
  }
  return found;
}

interface Directory {
  readonly path: string;
  readonly files: readonly string[];
}

async function directoriesOf(root: string): Promise<readonly Directory[]> {
  const seen = new Set<string>();
  const found: Directory[] = [];
  const visit = async (path: string): Promise<void> => {
    const real = await realpath(path);
    if (seen.has(real)) return;
    seen.add(real);
    const files: string[] = [];
    const below: string[] = [];
    for (const name of (await readdir(path)).sort()) {
      if (name.startsWith('.') || name === 'node_modules') continue;
      const entry = await stat(join(path, name)).catch(() => undefined);
      if (entry?.isDirectory()) below.push(join(path, name));
      else if (entry) files.push(name);
    }
    found.push({ path, files });
    for (const each of below) await visit(each);
  };
  try {
    await visit(root);
  } catch (cause) {
    throw new GoldenDataError(`${root} can't be read: ${sentence(cause)}.`, { cause });
  }
  return found;
}

async function listedCases(
  path: string,
  directory: string,
  files: readonly string[],
): Promise<readonly SetCase[]> {
  const broken = (problem: string): SetCase[] => [{ directory, kind: 'cases', name: CASES, problem }];
  if (!files.includes(CASES)) {
    const recorded = files.includes(CONFIG) && files.includes(WEIGHTS);
    return recorded ? broken(`${join(path, CASES)} is missing.`) : [];
  }
  try {
    const cases = (await readJsonFields(join(path, CASES))).objects('cases');
    return cases.map((fields, i) => describeCase(directory, fields, i));
  } catch (error) {
    return broken(sentence(error));
  }
}

function describeCase(directory: string, fields: JsonFields, index: number): SetCase {
  try {
    const kind = fields.has('lazy') && !fields.has('kind') ? 'lazymar' : fields.text('kind');
    const name = fields.has('name') ? fields.text('name') : basename(fields.text('file'), '.safetensors');
    const known = [...CASE_KINDS.keys()].join(', ');
    const problem = CASE_KINDS.has(kind)
      ? {}
      : { problem: `The case kind "${kind}" is not known; there are ${known}.` };
    return { directory, kind, name, fields, ...problem };
  } catch (error) {
    return { directory, kind: 'cases', name: `case ${index}`, problem: sentence(error) };
  }
}

/** The checkpoints of an index, each with what is expected of it. */
async function checkpointCases(path: string, directory: string): Promise<readonly SetCase[]> {
  try {
    const index = await readJsonFields(join(path, INDEX));
    const files = index.has('files') ? index.objects('files') : [];
    return files.map((fields) => ({ directory, kind: CHECKPOINT, name: fields.text('file'), fields }));
  } catch (error) {
    return [{ directory, kind: CHECKPOINT, name: INDEX, problem: sentence(error) }];
  }
}

/** The cases of a JSON file that no `cases.json` names. */
async function looseCases(path: string, directory: string, file: string): Promise<readonly SetCase[]> {
  const fields = new JsonFields(file, { file });
  const name = basename(file, '.json');
  try {
    const content = await readJsonFields(join(path, file));
    if (holdsSchedules(content)) return [{ directory, kind: 'schedule', name, fields }];
    if (holdsCachedHead(content)) return [{ directory, kind: 'lazymar_head', name, fields }];
    if (holdsFrequencies(content)) return [{ directory, kind: 'timestep_freqs', name, fields }];
    return [];
  } catch (error) {
    const meant = /"(num_timesteps|timestep_map|freqs_f32)"/.test(await readFile(join(path, file), 'utf8'));
    const named = /^(schedule|timestep_freqs)\b/.test(file);
    return meant || named ? [{ directory, kind: 'json', name, problem: sentence(error) }] : [];
  }
}
