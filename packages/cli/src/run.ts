import { TesseraError } from '@tessera/core';
import { versions } from '@tessera/evaluation-report/environment';
import { Command, CommanderError } from 'commander';
import { contextFor, type Io, type ModelLoader } from './command-context.js';
import { cancelCommand } from './commands/cancel.js';
import { compareCommand } from './commands/compare.js';
import { convertCommand } from './commands/convert.js';
import { demoCommand } from './commands/demo.js';
import { doctorCommand } from './commands/doctor.js';
import { editCommand } from './commands/edit.js';
import { evaluateCommand } from './commands/evaluate.js';
import { generateCommand } from './commands/generate.js';
import { serveCommand } from './commands/serve.js';
import { shardCommand } from './commands/shard.js';
import { statusCommand } from './commands/status.js';
import { submitCommand } from './commands/submit.js';
import { verifyCommand } from './commands/verify.js';
import { workerCommand } from './commands/worker.js';
import { isKeysError, keyReport } from './key-report.js';
import { progressBar } from './progress-bar.js';
import { styleFor, wrappedHelp } from './terminal.js';
import { UsageError } from './usage-error.js';

export interface RunOptions {
  /** @default `loadModel` of @tessera/runtime-node */
  readonly loadModel?: ModelLoader;
}

/**
 * The `tessera` command.
 *
 * @param argv the arguments after the command's name
 * @returns the exit code: 0 done, 1 failed, 2 wrong usage, 130 stopped by `io.signal`
 */
export async function run(argv: readonly string[], io: Io, options: RunOptions = {}): Promise<number> {
  let exitCode = 0;
  const context = contextFor(io, options.loadModel ?? loadOnNode, (code) => {
    exitCode = code;
  });
  const program = new Command('tessera')
    .description(
      'Draws pictures with masked autoregressive image models, and compares ways of sampling them.',
    )
    .version(versions().tessera ?? '', '-V, --version')
    .helpCommand('help [command]', 'help on a command')
    .addHelpText(
      'after',
      wrappedHelp(`Examples:
  tessera demo                                    a sheet of all classes, MAR above GtR
  tessera generate --class cat --count 4 --sheet  four cats, and a sheet of them
  tessera compare --policies mar,gtr-32,gtr-16    side by side, on the same seeds
  tessera edit a.png --mask m.png --class cat     what is white in m.png, repainted
  tessera evaluate --policies mar,gtr-32          how good and how fast, with intervals
  tessera serve                                   pictures over HTTP, by OpenAI's images API
  tessera doctor                                  what this machine can run on`),
    )
    .addCommand(generateCommand(context))
    .addCommand(compareCommand(context))
    .addCommand(editCommand(context))
    .addCommand(evaluateCommand(context))
    .addCommand(serveCommand(context))
    .addCommand(shardCommand(context))
    .addCommand(submitCommand(context))
    .addCommand(workerCommand(context))
    .addCommand(statusCommand(context))
    .addCommand(cancelCommand(context))
    .addCommand(demoCommand(context))
    .addCommand(convertCommand(context))
    .addCommand(verifyCommand(context))
    .addCommand(doctorCommand(context));
  for (const command of [program, ...program.commands]) {
    command
      .exitOverride()
      .configureHelp({ minWidthToWrap: 20 })
      .showHelpAfterError('(tessera help COMMAND lists its options)')
      .configureOutput({
        writeOut: (text) => io.stdout.write(text),
        writeErr: (text) => io.stderr.write(text),
        getOutHelpWidth: () => Math.min(100, io.stdout.columns ?? 100),
        getErrHelpWidth: () => Math.min(100, io.stderr.columns ?? 100),
        getOutHasColors: () => false,
        getErrHasColors: () => false,
      });
  }
  try {
    assertHelpTopic(argv, program);
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    return report(error, io, argv.includes('--json'));
  }
}

/** Commander answers a question about an unknown command with general help, as if it had been understood. */
function assertHelpTopic([help, topic]: readonly string[], { commands }: Command): void {
  const names = commands.map((command) => command.name());
  if (help !== 'help' || topic === undefined || topic.startsWith('-') || [...names, 'help'].includes(topic))
    return;
  throw new UsageError(`There is no command "${topic}". There are ${names.join(', ')}.`);
}

const WRONG_USAGE: readonly string[] = ['usage', 'evaluation-request', 'sampler-spec', 'invalid-option'];

/** Says what went wrong, and what exit code that is. */
function report(error: unknown, io: Io, json: boolean): number {
  // Commander has already written its own message.
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    if (json) writeError(io, error.code, error.message);
    return 2;
  }
  // What failed has left its bar where the message goes.
  progressBar(io.stderr, io.env).clear();
  const stopped = io.signal.aborted;
  const code = stopped ? 'interrupted' : TesseraError.isInstance(error) ? error.code : 'failed';
  const style = styleFor(io.stderr, io.env);
  const message = isKeysError(error)
    ? keyReport(error)
    : error instanceof Error
      ? error.message
      : String(error);
  if (json) writeError(io, code, message, error);
  if (stopped) io.stderr.write(`${message}\n`);
  else io.stderr.write(`${style.red('error:')} ${message}\n`);
  if (io.env.TESSERA_DEBUG && error instanceof Error) io.stderr.write(`${error.stack}\n`);
  if (stopped) return 130;
  return WRONG_USAGE.includes(code) ? 2 : 1;
}

/** The error as the one document, with whatever data it carries. */
function writeError(io: Io, code: string, message: string, error: unknown = {}): void {
  const { name: _, ...data } = TesseraError.isInstance(error) ? { ...error } : {};
  io.stdout.write(`${JSON.stringify({ error: { ...data, code, message } }, undefined, 2)}\n`);
}

/** Only a command that runs a model waits for the runtime to be loaded. */
const loadOnNode: ModelLoader = async (location, options) => {
  const { loadModel } = await import('@tessera/runtime-node');
  return loadModel(location, options);
};
