import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TesseraError } from '@tessera/core';
import { EMBEDDED, type Manifest, parseModelSource } from '@tessera/format';
import { Command } from 'commander';
import { type CommandContext, outputOf } from '../command-context.js';
import { assertModelFolder } from '../input-file.js';
import { type ModelFlags, placeOf, withModelOptions } from '../model-options.js';
import { referenceLines, replayReference } from '../reference-replay.js';
import { wrappedHelp } from '../terminal.js';
import { UsageError } from '../usage-error.js';

interface VerifyFlags extends ModelFlags {
  readonly json?: boolean;
}

export function verifyCommand(context: CommandContext): Command {
  return withModelOptions(new Command('verify'), { model: false, precision: true })
    .description('Check a model folder: manifest, sizes, hashes, and its recorded sample on a device.')
    .argument('[folder]', 'the model folder, or embedded-text', EMBEDDED)
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      wrappedHelp(`Exit code 1 if anything is wrong.

Examples:
  tessera verify
  tessera verify my-model --device cuda`),
    )
    .action((folder: string, flags: VerifyFlags) => verify(context, folder, flags));
}

async function verify(context: CommandContext, given: string, flags: VerifyFlags): Promise<void> {
  const output = outputOf(context, flags.json);
  const { style, io } = context;
  if (parseModelSource(given).kind !== 'path') {
    throw new UsageError(
      `${given} is an address, and verify checks a folder: give it that of a copy. What other commands load from an address ` +
        'is checked as it comes.',
    );
  }
  const place = await placeOf(given);
  if (typeof place === 'string') assertModelFolder(place);
  const folder = typeof place === 'string' ? resolve(place) : fileURLToPath(place);
  const { readManifest } = await import('@tessera/runtime-node');
  const manifest = await readManifest(folder);
  const { grid, condition, files, name } = manifest;
  output.print(`${style.bold(name)}  ${folder}`);
  output.print(
    `  manifest  ok: ${takes(condition)}, ${grid.height}×${grid.width} tokens of ${grid.channels} channels`,
  );

  const problems = await damagedFiles(folder, manifest, io.signal, (done, item) =>
    output.progress.update(done, `checking ${item}`),
  );
  output.progress.clear();
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (problems.length === 0) {
    output.print(
      `  files     ok: ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB, all sizes and hashes right`,
    );
  }
  for (const problem of problems) output.print(`  files     ${style.red('wrong')}: ${problem}`);
  const replay =
    problems.length > 0
      ? undefined
      : await replayReference(folder, manifest, context.loadModel, {
          device: flags.device,
          dtype: flags.dtype,
          ...(flags.precision === undefined ? {} : { precision: flags.precision }),
          signal: io.signal,
          ...(flags.threads === undefined ? {} : { threads: flags.threads }),
        });
  if (replay) {
    const [first, ...rest] = referenceLines(replay);
    output.print(
      `  parity    ${first}  (on ${replay.device}, weights in ${replay.dtype}, computed in ${replay.precision})`,
    );
    if (replay.precisionReason !== undefined) output.warn(`Computed in fp32: ${replay.precisionReason}`);
    for (const line of rest) output.print(`            ${line}`);
  } else if (problems.length === 0) {
    output.print('  parity    no sample is recorded: its files are whole, its numbers are not checked');
  }
  const passed = problems.length === 0 && (replay?.passed ?? true);
  output.print(passed ? style.green('sound') : style.red('not sound'));
  output.result({ folder, name, passed, files: files.length, bytes, problems, parity: replay ?? null });
  if (!passed) context.setExitCode(1);
}

async function damagedFiles(
  folder: string,
  { files }: Manifest,
  signal: AbortSignal,
  onProgress: (fraction: number, item: string) => void,
): Promise<string[]> {
  const { checkFile } = await import('@tessera/runtime-node');
  const problems: string[] = [];
  for (const [i, file] of files.entries()) {
    signal.throwIfAborted();
    onProgress(i / files.length, file.path);
    try {
      await checkFile(folder, file);
    } catch (error) {
      if (!TesseraError.isInstance(error)) throw error;
      problems.push(error.message);
    }
  }
  return problems;
}

function takes(condition: Manifest['condition']): string {
  return condition.kind === 'class' ? `${condition.count} classes` : `text of ${condition.length} rows`;
}
