import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ROOT } from './places.js';

/** What the embedded model of classes was converted from. */
const CHECKPOINT = 'tools/train/checkpoint';
/** The same with the middle rows of its grid alone. */
const MIDDLE = '.cache/models/middle-checkpoint';

/** A model of a study's own, made of the embedded one's checkpoint. */
interface PreparedModel {
  /** Makes its folder. @returns the exit code of the first command that failed, else 0 */
  make(out: string): number;
  /** Real pictures that are made with it, where those of the feature network don't fit. */
  readonly real?: string;
}

/** By the folder that studies name. */
const PREPARED: Readonly<Record<string, PreparedModel>> = {
  '.cache/models/tiny-cached': { make: (out) => convert(CHECKPOINT, out, '--cached') },
  '.cache/models/tiny-middle': {
    make: (out) => {
      const paths = [join(ROOT, CHECKPOINT), '--out', join(ROOT, MIDDLE)];
      const python = process.env.PYTHON ?? 'python3';
      return run(python, ['-m', 'train', 'middle', ...paths], 'tools/train') || convert(MIDDLE, out);
    },
    real: `${MIDDLE}/real`,
  },
};

/**
 * Makes the model that a study names, where it is one of those above and not there yet.
 *
 * @param model as the study names it
 * @returns further options of `tessera evaluate`; undefined where a command failed, which has said why
 */
export function prepareModel(model: string | undefined): readonly string[] | undefined {
  const prepared = PREPARED[model ?? ''];
  if (!prepared) return [];
  const isThere = existsSync(join(ROOT, model!, 'mar.json'));
  if (!isThere && prepared.make(model!) !== 0) return undefined;
  return prepared.real === undefined ? [] : ['--real', prepared.real];
}

function convert(checkpoint: string, out: string, ...options: readonly string[]): number {
  return tessera([
    ...['convert', `${checkpoint}/mar.safetensors`, '--vae', `${checkpoint}/vae.safetensors`],
    ...['--config', `${checkpoint}/config.json`, '--name', basename(out), '--out', out, ...options],
  ]);
}

/** Runs `tessera` from the repository's root. @returns its exit code */
export function tessera(args: readonly string[]): number {
  return run(process.execPath, ['packages/cli/dist/tessera.js', ...args]);
}

function run(program: string, args: readonly string[], folder = '.'): number {
  const { status, error } = spawnSync(program, args, { cwd: join(ROOT, folder), stdio: 'inherit' });
  if (error) console.error(`evidence: ${program} can't be run: ${error.message}`);
  return status ?? 1;
}
