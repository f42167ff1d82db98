import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import {
  EvaluationRequestError,
  loadNetworkWithReference,
  type NetworkOptions,
  type NetworkWithReference,
  parseSearchSpace,
  SEARCH_SPACE,
  type TuneGoal,
  tune,
  tuningFindings,
  writeTuning,
} from '@tessera/evaluation-report';
import { shortTime } from '@tessera/evaluation-report/display';
import { classesOf, parseSpec, resolveSampling } from '@tessera/format';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type CommandContext, outputOf } from '../command-context.js';
import { drawInProcesses } from '../draw-in-processes.js';
import { evaluationProgress } from '../evaluation-progress.js';
import { readText } from '../input-file.js';
import { InterruptedError } from '../interruption.js';
import { type ModelFlags, modelInUse, modelLine, withModelOptions } from '../model-options.js';
import { seedOption, wholeNumberOption } from '../number-options.js';
import { withOutputOption } from '../output-path.js';
import { labelOf } from '../parse-class-labels.js';
import { sheetScale } from '../picture-sheet.js';
import { shellWord } from '../shell-word.js';
import { wrappedHelp } from '../terminal.js';
import { UsageError } from '../usage-error.js';
import { marginOption, marginsOf } from './evaluate.js';

interface TuneFlags extends ModelFlags {
  readonly budget?: number;
  readonly quality: readonly string[];
  readonly within: number;
  readonly candidates: number;
  readonly n: number;
  readonly seed: number;
  readonly batch: number;
  readonly space?: string;
  readonly network?: string;
  readonly real?: string;
  readonly margin?: readonly number[];
  readonly workers: number;
  readonly out: string;
  readonly json?: boolean;
}

export function tuneCommand(context: CommandContext): Command {
  const command = new Command('tune')
    .description(
      'Find the fastest sampling that is as good as a slow one, or the best in a time, for your model.',
    )
    .addOption(
      new Option('--budget <time>', 'find the best picture in so much time, e.g. 0.5s').argParser(duration),
    )
    .option(
      '--quality <same-as SPEC...>',
      'find the fastest sampling that is the same as SPEC; with --budget, what the others are compared with',
      ['same-as', 'mar:64x100'],
    )
    .addOption(
      new Option('--within <time>', 'time that this call may take, e.g. 30m or 2h')
        .argParser(duration)
        .default(1800, '30m'),
    )
    .addOption(wholeNumberOption('--candidates <n>', 'samplings that are tried', 2).default(32))
    .addOption(wholeNumberOption('--n <n>', 'pictures that confirm, at most', 2).default(1200))
    .addOption(seedOption())
    .addOption(wholeNumberOption('--batch <n>', 'pictures drawn at once', 1).default(12))
    .option('--space <file.json>', 'a search space of your own (default: the built-in one)');
  withModelOptions(command);
  withOutputOption(
    command,
    'folder',
    'where pictures and the report are stored; a second run continues there',
    join('out', 'tune'),
  )
    .option('--network <file|folder>', 'a feature network of your own, as for tessera evaluate')
    .option('--real <folder>', 'real pictures, as for tessera evaluate')
    .addOption(marginOption())
    .addOption(
      wholeNumberOption(
        '--workers <n>',
        'processes that draw, each with --threads threads (1 unless given)',
        1,
      ).default(availableParallelism()),
    )
    .option('--json', 'print what was found as one JSON document')
    .addHelpText(
      'after',
      wrappedHelp(`Candidates are timed, and those that are too slow go. The others draw the same pictures as the slow one,
from the same noise, and half of them go on to twice as many pictures, again and again. The winner is drawn once
more with fresh seeds and measured against real pictures that the search had not: only that can say "same", in both
distances and in recall. Where the built-in feature network doesn’t know the model’s pictures and none is given, what is judged
is agreement with the slow one on the same noise, which can’t say so.

The folder gets sampler.txt, a spec for --policy; tuning.md and tuning.json; curve.svg, speed against quality; and
confirmation/, a report of its own. The same command goes on after a stop; --within bounds each call.

A search space is a JSON file: specs with {NAME} for each choice of that name, and the choices.

Examples:
  tessera tune --within 30m
  tessera tune --budget 0.5s --model mar-b --network dinov2.onnx --real imagenet-png --margin 0.5,0.01
  tessera generate --class cat --policy "$(cat out/tune/sampler.txt)"`),
    );
  return command.action((flags: TuneFlags) => runTune(context, flags));
}

async function runTune(context: CommandContext, flags: TuneFlags): Promise<void> {
  const output = outputOf(context, flags.json);
  const { signal } = context.io;
  const spec = referenceSpec(flags.quality);
  const goal: TuneGoal =
    flags.budget === undefined ? { kind: 'same-as' } : { kind: 'budget', seconds: flags.budget };
  const overrides = parseSpec(spec);
  const space =
    flags.space === undefined ? SEARCH_SPACE : parseSearchSpace(await readText(flags.space), flags.space);
  const used = await modelInUse(context, flags, output);
  const { model } = used;
  const progress = evaluationProgress(output);
  try {
    const measuring = await measuringFor(context, flags, used.model.manifest);
    output.progress.clear();
    if (!measuring)
      output.print(
        'No feature network knows these pictures: judged is agreement with the slow sampling on the same noise.',
      );
    output.print(
      `${modelLine(used)}: ${goal.kind === 'budget' ? `the best in ${goal.seconds} s an image` : `the fastest that is the same as ${spec}`}, within ${shortTime(flags.within)}.`,
    );
    const outcome = await tune({
      ...{ used, goal, space, signal },
      ...{ candidates: flags.candidates, n: flags.n, seed: flags.seed, batch: flags.batch },
      reference: { name: spec, sampling: resolveSampling(overrides, model.manifest.sampling) },
      folder: flags.out,
      within: flags.within,
      ...(measuring ? { measuring } : {}),
      margins: marginsOf(flags.margin ?? []),
      ...(flags.workers > 1 && measuring ? { draw: (asked) => drawInProcesses(asked, flags, progress) } : {}),
      onStart: progress.onStart,
      onProgress: progress.onProgress,
      onLine(line) {
        output.progress.clear();
        output.print(line);
      },
      command: tuneCommandText(flags, spec),
    });
    const written = await writeTuning(flags.out, outcome, {
      subjects: outcome.subjects,
      scale: sheetScale(model),
    });
    output.progress.clear();
    output.print();
    for (const finding of tuningFindings(outcome.tuning)) output.print(finding);
    output.print();
    const { sampler, curve, report, record } = written;
    for (const [what, path] of Object.entries({ ...(sampler ? { sampler } : {}), report, curve, record }))
      output.print(`${what.padEnd(8)} ${path}`);
    output.result({ ...outcome.tuning, files: written });
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new InterruptedError('Stopped. What was drawn and timed is kept. Go on with the same command.');
  } finally {
    output.progress.clear();
    await model.dispose();
  }
}

/** Undefined where nobody named a network and the built-in one knows other pictures. */
async function measuringFor(
  { io: { signal } }: CommandContext,
  { network, real, out }: TuneFlags,
  manifest: NetworkOptions['manifest'],
): Promise<NetworkWithReference | undefined> {
  try {
    return await loadNetworkWithReference({
      ...(network === undefined ? {} : { network }),
      ...(real === undefined ? {} : { real }),
      manifest,
      labelOf: (name) => labelOf(classesOf(manifest), name),
      cacheFolder: join(out, 'real'),
      signal,
    });
  } catch (error) {
    if (network === undefined && real === undefined && EvaluationRequestError.isInstance(error))
      return undefined;
    throw error;
  }
}

function referenceSpec(words: readonly string[]): string {
  const [relation, spec, ...more] = words;
  if (relation !== 'same-as' || spec === undefined || more.length > 0) {
    throw new UsageError(
      '--quality takes "same-as" and a sampler spec, such as --quality same-as mar:64x100.',
    );
  }
  return spec;
}

const UNITS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, min: 60, h: 3600 };

function duration(text: string): number {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)\s*(ms|s|m|min|h)?$/.exec(text.trim()) ?? [];
  const seconds = Number(number) * UNITS[unit]!;
  if (!(seconds > 0)) throw new InvalidArgumentError('It must be a time, such as 0.5s, 30m or 2h.');
  return seconds;
}

/** The command that searches again, with nothing left to a default that may change. */
function tuneCommandText(flags: TuneFlags, spec: string): string {
  const { model, budget, within, candidates, n, seed, batch, space, network, real, margin } = flags;
  const options = Object.entries({
    model,
    budget: budget === undefined ? undefined : `${budget}s`,
    within: `${within}s`,
    ...{ candidates, n, seed, batch, space, network, real },
    margin: margin?.join(','),
  });
  return `tessera tune --quality same-as ${shellWord(spec)} ${options
    .flatMap(([name, value]) => (value === undefined ? [] : [`--${name} ${shellWord(`${value}`)}`]))
    .join(' ')}`;
}
