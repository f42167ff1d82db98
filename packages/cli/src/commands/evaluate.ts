import { join } from 'node:path';
import { LEAST_RESAMPLES } from '@tessera/evaluate';
import {
  evaluateInFolder,
  judgingFor,
  reportText,
  SHOWN,
  type TimeLeft,
  timeLeft,
  variantLines,
  writeEvaluation,
} from '@tessera/evaluation-report';
import { secondsText } from '@tessera/evaluation-report/display';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type CommandContext, outputOf } from '../command-context.js';
import { evaluationCommand } from '../evaluation-command.js';
import { InterruptedError } from '../interruption.js';
import { type ModelFlags, modelInUse, withModelOptions } from '../model-options.js';
import { wholeNumberOption } from '../number-options.js';
import { labelOf } from '../parse-class-labels.js';
import { sheetScale } from '../picture-sheet.js';
import { policiesFromFlags } from '../policies-option.js';
import { policyList, type SamplingFlags, withSamplingOptions } from '../sampling-options.js';

interface EvaluateFlags extends ModelFlags, SamplingFlags {
  readonly policies: string;
  readonly n: number;
  readonly seed: number;
  readonly batch: number;
  readonly network?: string;
  readonly real?: string;
  readonly margin?: readonly number[];
  readonly resamples: number;
  readonly keep: number;
  readonly out: string;
  readonly json?: boolean;
}

export function evaluateCommand(context: CommandContext): Command {
  const command = new Command('evaluate')
    .description('Measure how good and how fast policies are: distances to real pictures, with intervals.')
    .option(
      '--policies <list>',
      'policies, by comma; the first is what the others are compared with',
      'mar,gtr-32,gtr-16',
    )
    .addOption(wholeNumberOption('--n <n>', 'pictures of each policy', 2).default(1200))
    .addOption(wholeNumberOption('--seed <n>', 'another seed, other pictures', 0).default(1))
    .addOption(wholeNumberOption('--batch <n>', 'pictures drawn at once', 1).default(BATCH));
  withSamplingOptions(command);
  withModelOptions(command);
  command
    .option(
      '--network <file|folder>',
      'a feature network of your own, NAME.onnx with NAME.json beside it (default: the judge of the embedded model)',
    )
    .option(
      '--real <folder>',
      'real pictures, 8-bit RGB PNGs, best a folder a class, called by its name or number (default: held-out renders)',
    )
    .addOption(
      new Option(
        '--margin <frechet[,kid]>',
        'differences that don’t matter (default: the judge’s, 1.9,0.39; none with a network of your own)',
      ).argParser(marginNumbers),
    )
    .addOption(
      wholeNumberOption('--resamples <n>', 'of the pictures, for intervals', LEAST_RESAMPLES).default(1000),
    )
    .addOption(wholeNumberOption('--keep <n>', 'how many pictures of each policy to keep', 0).default(SHOWN))
    .option(
      '--out <folder>',
      'where pictures are kept and the report goes; it goes on where it was stopped',
      join('out', 'evaluate'),
    )
    .option('--json', 'print the report as one JSON document')
    .addHelpText(
      'after',
      `
${policyList()}

All policies draw the same classes from the same noise and take turns, batch by batch. Fréchet
distance and KID are distances to real pictures in the features of a network, less is better;
brackets are intervals from resampling. The verdict on a policy is "same" if the interval of its
difference to the first lies within the margin, else "better" or "worse" if it lies on one side
of zero, and "undecided" otherwise. The judge’s margin is half of what the embedded model’s
autoencoder alone costs; a network of your own has none until --margin sets one, and nothing is
"same" then. Choose --n and --margin before the first run: who takes more pictures until a verdict
comes gets wrong ones more often, so later runs in the folder tell what they changed.

A folder keeps what is drawn. The same command goes on after a stop; with other policies or a
larger --n it draws what is missing. Another --network is shown the pictures that were kept
(--keep), the others are drawn again; a larger --keep keeps those that are drawn from then on.

Examples:
  tessera evaluate --policies mar,gtr-32,gtr-16 --n 1200
  tessera evaluate --policies gtr-32,gtr-32/fts=off,gtr-32/fts=low --out out/fts
  tessera evaluate --model mar-b --network dinov2.onnx --real imagenet-png --n 5000`,
    );
  return command.action((flags: EvaluateFlags) => evaluate(context, flags));
}

/** Twelve at once use two cores well, and are a picture of each class of the embedded model. */
const BATCH = 12;

async function evaluate(context: CommandContext, flags: EvaluateFlags): Promise<void> {
  const output = outputOf(context, flags.json);
  const choice = policiesFromFlags(flags, output);
  if (!choice) return;
  const { signal } = context.io;
  const used = await modelInUse(context, flags, output);
  const { model } = used;
  const classes = model.manifest.condition;
  let left: TimeLeft | undefined;
  try {
    const judging = await judgingFor({
      ...flags,
      classes,
      labelOf: (folder) => labelOf(classes, folder),
      cacheFolder: join(flags.out, 'real'),
      signal,
      onNote: (line) => output.warn(`Note: ${line}`),
      onProgress: (done, total) =>
        output.progress.update(done / total, `${done}/${total} real pictures seen`),
    });
    const margins = { ...judging.loaded.margins, ...marginsOf(flags.margin ?? []) };
    const arms = choice(model.manifest.sampling);
    const evaluation = await evaluateInFolder({
      used,
      variants: arms,
      ...judging,
      n: flags.n,
      seed: flags.seed,
      batch: flags.batch,
      folder: flags.out,
      keep: flags.keep,
      resamples: flags.resamples,
      margins,
      command: evaluationCommand({ ...flags, margins, device: model.device, dtype: model.dtype }),
      signal,
      onSeen: (arm, done, total) =>
        output.progress.update(done / total, `${done}/${total} kept pictures of ${arm} seen`),
      onStart(done) {
        left = timeLeft(done, flags.n);
      },
      onProgress(progress) {
        if (progress.phase === 'drawing') {
          const { variant: arm, done, total, seconds } = progress;
          left!.update(arm, done, seconds);
          const label = `${arm}  ${done}/${total}  ${secondsText(seconds)} s/image`;
          output.progress.update(left!.fraction(), label, left!.seconds());
        } else {
          const what =
            progress.phase === 'floors' ? 'measuring the floors' : `resampling ${progress.variant}`;
          output.progress.update(progress.done / progress.total, what);
        }
      },
    });
    const lines = variantLines(arms);
    const written = await writeEvaluation(flags.out, evaluation, {
      lines,
      classes,
      scale: sheetScale(model),
    });
    output.progress.clear();
    const { document, notKept } = evaluation;
    if (notKept > 0) {
      output.warn(
        `Note: --keep ${flags.keep} came too late for ${notKept} of the pictures, which were drawn without being kept. ` +
          'To have them as files, draw into another folder.',
      );
    }
    const { columns } = context.io.stdout;
    for (const line of reportText(document, lines, { ...context.style, columns })) output.print(line);
    if (document.comparisons.length > 0) output.print();
    for (const [what, path] of [
      ['page', written.page],
      ['report', written.report],
      ...(written.sheet === undefined ? [] : [['sheet', written.sheet] as const]),
    ] as const)
      output.print(`${what.padEnd(7)} ${path}`);
    output.result({ ...document, files: written });
  } catch (error) {
    if (!signal.aborted) throw error;
    const done = left === undefined ? '' : ` ${Math.floor(left.fraction() * 100)} % is drawn and kept.`;
    throw new InterruptedError(`Stopped.${done} Go on with the same command.`);
  } finally {
    output.progress.clear();
    await model.dispose();
  }
}

function marginNumbers(text: string): readonly number[] {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (numbers.length > 2 || numbers.some((number) => !(number >= 0 && number < Number.POSITIVE_INFINITY))) {
    throw new InvalidArgumentError('It must be one number from 0 or two: of Fréchet distance, and of KID.');
  }
  return numbers;
}

function marginsOf([frechet, kid]: readonly number[]) {
  return { ...(frechet === undefined ? {} : { frechet }), ...(kid === undefined ? {} : { kid }) };
}
