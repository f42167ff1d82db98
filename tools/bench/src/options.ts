import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { STORAGE_TYPES, type StorageType } from '@tessera/format';
import { USUAL_VARIANT_NAMES, VARIANT_NAMES } from './variants.js';

export const HELP = `Usage: npm run bench -- [options]

Times MAR's own sampler against GtR with and without FTS, interleaved in one process. \`npm run bench -- table --help\`
tells of another table: how fast, large and exact models of MAR-B's, L's and H's sizes are in each type of weights, and \`nitro\` one of Nitro-AR's.
\`flops\` counts operations instead.
\`kills\`, \`load\`, \`fairness\` and \`fleet\` are about many machines and many callers; each has its --help.

  --model NAME      tiny (the embedded model), mar-b, mar-l or mar-h (their sizes, random weights), a model folder, or a
                    checkpoint folder (config.json, mar.safetensors); may be given several times   [tiny and mar-b]
  --dtypes LIST     how what is converted is stored, e.g. fp16,int8: all are drawn with in turn   [fp16]
  --policies LIST   of ${VARIANT_NAMES.join(', ')}   [all but lazymar]
  --repeats N       rounds   [5 for tiny, else 3]
  --threads N       [all cores]
  --batch N         images at once   [1]
  --replicas LIST   copies of the model that share a batch, e.g. 1,2: all are drawn with in turn   [as loadModel has it]
  --json FILE       writes every single measurement as well
  --torch           also times the same checkpoint and algorithm in PyTorch; needs mar-b or a checkpoint folder
  --python PATH     an interpreter that has torch and numpy   [python3]
  --profile         prints onnxruntime's own profile by operator instead: a single run of each policy`;

export interface Options {
  readonly models: readonly string[];
  readonly dtypes: readonly StorageType[];
  readonly policies: readonly string[];
  readonly repeats?: number;
  readonly threads: number;
  readonly batch: number;
  /** Undefined for as many as `loadModel` takes by itself. */
  readonly replicas: readonly (number | undefined)[];
  readonly json?: string;
  readonly torch: boolean;
  readonly python: string;
  readonly profile: boolean;
}

/** Reads the command line; undefined where help was asked for. */
export function parseOptions(given: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...given],
    options: {
      model: { type: 'string', multiple: true },
      dtypes: { type: 'string' },
      policies: { type: 'string' },
      repeats: { type: 'string' },
      threads: { type: 'string' },
      batch: { type: 'string' },
      replicas: { type: 'string' },
      json: { type: 'string' },
      torch: { type: 'boolean' },
      python: { type: 'string' },
      profile: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return undefined;
  const { json, torch = false } = values;
  const models = values.model ?? (torch ? ['mar-b'] : ['tiny', 'mar-b']);
  if (torch && models.includes('tiny')) {
    throw new Error(
      '--torch needs a checkpoint, which the embedded model is not: take --model mar-b or a folder.',
    );
  }
  return {
    models,
    dtypes: (values.dtypes ?? 'fp16').split(',').map(storageType),
    policies: values.policies?.split(',') ?? USUAL_VARIANT_NAMES,
    ...(values.repeats === undefined ? {} : { repeats: count('repeats', values.repeats) }),
    threads: values.threads === undefined ? availableParallelism() : count('threads', values.threads),
    batch: values.batch === undefined ? 1 : count('batch', values.batch),
    replicas: values.replicas?.split(',').map((text) => count('replicas', text)) ?? [undefined],
    ...(json === undefined ? {} : { json }),
    torch,
    python: values.python ?? 'python3',
    profile: values.profile ?? false,
  };
}

function storageType(text: string): StorageType {
  const type = STORAGE_TYPES.find((each) => each === text);
  if (!type) throw new Error(`--dtypes ${text}: there are ${STORAGE_TYPES.join(', ')}.`);
  return type;
}

/** @throws unless it is an integer ≥ 1 */
export function count(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} ${text}: must be an integer ≥ 1.`);
  return value;
}
