import { join } from 'node:path';
import { LEAST_RESAMPLES } from '@tessera/evaluate';
import {
  assertFolderEvaluation,
  evaluateInFolder,
  type FolderEvaluation,
  type FolderEvaluationOptions,
  loadNetworkWithReference,
  readStudy,
  renderStudy,
  reportText,
  runStudy,
  SHOWN,
  type Study,
  type Subjects,
  sharedFolder,
  studyEvaluation,
  subjectsOf,
  type Variant,
  writeEvaluation,
  writeStudy,
} from '@tessera/evaluation-report';
import type { ModelInUse } from '@tessera/evaluation-report/environment';
import { classesOf } from '@tessera/format';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type CommandContext, type Output, outputOf } from '../command-context.js';
import { drawInProcesses } from '../draw-in-processes.js';
import { evaluationCommand } from '../evaluation-command.js';
import { evaluationProgress } from '../evaluation-progress.js';
import { InterruptedError } from '../interruption.js';
import { type ModelFlags, modelInUse, withModelOptions } from '../model-options.js';
import { seedOption, wholeNumberOption } from '../number-options.js';
import { withOutputOption } from '../output-path.js';
import { labelOf } from '../parse-class-labels.js';
import { sheetScale } from '../picture-sheet.js';
import { policiesFromFlags } from '../policies-option.js';
import {
  SAMPLING_ATTRIBUTES,
  type SamplingFlags,
  specFlags,
  withSamplingOptions,
} from '../sampling-options.js';
import { wrappedHelp } from '../terminal.js';
import { UsageError } from '../usage-error.js';

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
  readonly workers: number;
  readonly beside?: string;
  readonly besidePolicies?: string;
  readonly study?: string;
  readonly page?: string;
  readonly render?: boolean;
  readonly out: string;
  readonly json?: boolean;
}

export function evaluateCommand(context: CommandContext): Command {
  const command = new Command('evaluate')
    .description('Measure how good and how fast policies are: distances to real pictures, with intervals.')
    .option(
      '--policies <list>',
      'specs of policies, by comma; the first is what the others are compared with, and "help" lists them',
      'mar,gtr-32,gtr-16',
    )
    .addOption(wholeNumberOption('--n <n>', 'pictures of each policy', 2).default(1200))
    .addOption(seedOption())
    .addOption(wholeNumberOption('--batch <n>', 'pictures drawn at once', 1).default(BATCH));
  withSamplingOptions(command, { policy: false });
  withModelOptions(command);
  const out = join('out', 'evaluate');
  withOutputOption(
    command,
    'folder',
    'where pictures and the report are stored; a second run continues there',
    out,
  )
    .option(
      '--network <file|folder>',
      'a feature network of your own, NAME.onnx with NAME.json beside it (default: the built-in one, which knows the embedded models)',
    )
    .option(
      '--real <folder>',
      'real pictures for a model of classes, 8-bit RGB PNGs, best a folder a class, called by its name or number (default: held-out renders)',
    )
    .addOption(marginOption())
    .addOption(
      wholeNumberOption('--resamples <n>', 'of the pictures, for intervals', LEAST_RESAMPLES).default(1000),
    )
    .addOption(wholeNumberOption('--keep <n>', 'how many pictures of each policy to keep', 0).default(SHOWN))
    .addOption(
      wholeNumberOption(
        '--workers <n>',
        'processes that draw, each a policy, with --threads each (1 unless given); times of drawing are left out',
        1,
      ).default(1),
    )
    .option(
      '--beside <folder|url>',
      'a second model, such as the same one in int8: it draws each policy too, and is compared with the first',
    )
    .option(
      '--beside-policies <list>',
      'what the second model draws instead, all compared with the first policy of the first model',
    )
    .option('--study <file.json>', 'evaluate the study in a file: its variants, comparisons and margins')
    .option('--page <folder>', "where the study's page in Markdown goes (default: beside its report)")
    .option('--render', "write the study's page again from its record, and draw nothing")
    .option('--json', 'print the report as one JSON document')
    .addHelpText(
      'after',
      wrappedHelp(`All policies draw the same classes from the same noise and take turns, batch by batch. Fréchet
distance and KID are distances to real pictures in the features of a network, less is better;
brackets are intervals from resampling. The verdict on a policy is "same" if the interval of its
difference to the first lies within the margin, else "better" or "worse" if it lies on one side
of zero, and "undecided" otherwise. Variety counts: recall that is lower makes it "worse", and
recall that may be lower by more than its margin "undecided". Models of prompts draw those that come
with the network, of GenEval's six skills, and have a score as well: the share of pictures that show
all that the prompt asks for; it counts as recall does. The built-in network’s margins are half of what
the embedded model’s autoencoder alone costs in distance, and what it costs in recall; a network of your own has none until --margin sets one, and nothing is
"same" then. Choose --n and --margin before the first run: who takes more pictures until a verdict
comes gets wrong ones more often, so later runs in the folder tell what they changed.

A folder keeps what is drawn. The same command goes on after a stop; with other policies or a
larger --n it draws what is missing. Another --network is shown the pictures that were kept
(--keep), the others are drawn again; a larger --keep keeps those that are drawn from then on.

A study is a question in a JSON file: variants by name and sampler, pairs to compare, margins, --n,
--seed and --batch, and conclusions in Markdown. Its page, plots, sheet and record go to --page.
Studies of one model, seed and batch share their pictures in --out.

Examples:
  tessera evaluate --policies mar,gtr-32,gtr-16 --n 1200
  tessera evaluate --policies gtr-32,gtr-32/fts=off,gtr-32/fts=low --out out/fts
  tessera evaluate --model mar-b --network dinov2.onnx --real imagenet-png --n 5000
  tessera evaluate --policies gtr-32 --model mar-fp32 --beside mar-int8 --n 1200
  tessera evaluate --model embedded-text --policies mar:32x25,gtr-gradual --n 1200
  tessera evaluate --study order.json --workers 4 --page docs`),
    );
  return command.action((flags: EvaluateFlags) => evaluate(context, flags, givenFlags(command)));
}

/** Twelve at once use two cores well, and are a picture of each class of the embedded model. */
const BATCH = 12;

async function evaluate(context: CommandContext, flags: EvaluateFlags, given: Given): Promise<void> {
  const output = outputOf(context, flags.json);
  const study = flags.study === undefined ? undefined : studyWith(await readStudy(flags.study), flags, given);
  if (flags.beside !== undefined && (study || flags.workers > 1)) {
    throw new UsageError('--beside is for evaluations without --study and --workers.');
  }
  if (flags.render) return render(output, study, flags.page);
  if (flags.besidePolicies !== undefined && flags.beside === undefined) {
    throw new UsageError('--beside-policies needs --beside, the model that draws them.');
  }
  const choice = policiesFromFlags(flags, output);
  if (!choice) return;
  const choiceBeside =
    flags.besidePolicies === undefined
      ? undefined
      : policiesFromFlags({ ...flags, policies: flags.besidePolicies }, output);
  const { signal } = context.io;
  const used = await modelInUse(context, { ...flags, ...modelOf(flags, study) }, output);
  const { model } = used;
  const folder = study ? join(flags.out, sharedFolder(used, study)) : flags.out;
  const progress = evaluationProgress(output);
  let second: ModelInUse | undefined;
  try {
    const measuring = await loadNetworkWithReference({
      ...flags,
      manifest: model.manifest,
      labelOf: (name) => labelOf(classesOf(model.manifest), name),
      cacheFolder: join(folder, 'real'),
      signal,
      onNote: (line) => output.warn(`Note: ${line}`),
      onProgress: (done, total) =>
        output.progress.update(done / total, `${done}/${total} real pictures seen`),
    });
    if (flags.beside !== undefined) {
      second = await modelInUse(context, { ...flags, model: flags.beside, dtype: 'auto' }, output);
    }
    const margins = { ...measuring.loaded.margins, ...marginsOf(flags.margin ?? []) };
    const { device, dtype } = model;
    const common = { used, folder, signal, ...progress };
    const asked: FolderEvaluationOptions = study
      ? studyEvaluation({
          ...common,
          study,
          measuring,
          command: studyCommand(flags, given, { device, dtype }),
        })
      : {
          ...common,
          ...measuring,
          ...{
            n: flags.n,
            seed: flags.seed,
            batch: flags.batch,
            keep: flags.keep,
            resamples: flags.resamples,
          },
          ...besideEachOther(
            choice(model.manifest.sampling),
            second,
            choiceBeside?.(model.manifest.sampling),
          ),
          margins,
          command: evaluationCommand({ ...flags, sampling: specFlags(flags), margins, device, dtype }),
        };
    assertFolderEvaluation(asked);
    if (flags.workers > 1) await drawInProcesses(asked, { ...flags, ...modelOf(flags, study) }, progress);
    const evaluation = study
      ? await runStudy({ ...common, study, measuring, command: asked.command })
      : await evaluateInFolder(asked);
    const subjects = subjectsOf(model.manifest, measuring.loaded);
    await report(context, output, evaluation, { used, subjects, flags, folder, study });
  } catch (error) {
    if (!signal.aborted) throw error;
    const drawn = progress.fraction();
    const done = drawn === undefined ? '' : ` ${Math.floor(drawn * 100)} % is drawn and kept.`;
    throw new InterruptedError(`Stopped.${done} Go on with the same command.`);
  } finally {
    output.progress.clear();
    await Promise.all([model.dispose(), second?.model.dispose()]);
  }
}

/**
 * Each variant, and each drawn by a second model, which is compared with the first; or `ofSecond` by that one, all compared with
 * the first variant.
 */
function besideEachOther(
  variants: readonly Variant[],
  second: ModelInUse | undefined,
  ofSecond: readonly Variant[] = variants,
): Pick<FolderEvaluationOptions, 'variants' | 'compare'> {
  if (!second) return { variants };
  const { identity, made } = second;
  const others = ofSecond.map(({ name, sampling }) => ({
    name: `${name} by ${identity.name} in ${made.dtype}`,
    sampling,
    used: second,
  }));
  const all = [...variants, ...others];
  if (ofSecond !== variants) return { variants: all };
  return { variants: all, compare: others.map(({ name }, i) => [name, variants[i]!.name] as const) };
}

async function render(output: Output, study: Study | undefined, page: string | undefined): Promise<void> {
  if (!study || page === undefined) throw new UsageError('--render needs --study and --page.');
  await renderStudy(page, study);
  output.print(`page    ${join(page, `${study.id}.md`)}`);
  output.result({ page: join(page, `${study.id}.md`) });
}

async function report(
  context: CommandContext,
  output: Output,
  evaluation: FolderEvaluation,
  options: {
    readonly used: ModelInUse;
    readonly subjects: Subjects;
    readonly flags: EvaluateFlags;
    readonly folder: string;
    readonly study: Study | undefined;
  },
): Promise<void> {
  const { used, subjects, flags, folder, study } = options;
  const { document, notKept, pictures } = evaluation;
  const reports = study ? join(folder, 'reports', study.id) : folder;
  const written = await writeEvaluation(reports, evaluation, { subjects, scale: sheetScale(used.model) });
  const pages = flags.page ?? join(folder, 'reports');
  if (study) await writeStudy(pages, study, document, { pictures, subjects });
  output.progress.clear();
  if (notKept > 0) {
    output.warn(
      `Note: --keep ${flags.keep} came too late for ${notKept} of the pictures, which were drawn without being kept. ` +
        'To have them as files, draw into another folder.',
    );
  }
  const { columns } = context.io.stdout;
  for (const line of reportText(document, { ...context.style, columns })) output.print(line);
  if (document.comparisons.length > 0) output.print();
  const files = {
    ...(study ? { study: join(pages, `${study.id}.md`) } : {}),
    page: written.page,
    report: written.report,
    ...(written.sheet === undefined ? {} : { sheet: written.sheet }),
  };
  for (const [what, path] of Object.entries(files)) output.print(`${what.padEnd(7)} ${path}`);
  output.result({ ...document, files: { ...written, ...files } });
}

/** Whether a flag was given, by its name in camel case. */
type Given = (flag: string) => boolean;

function givenFlags(command: Command): Given {
  return (flag) => command.getOptionValueSource(flag) === 'cli';
}

/** Flags that a study says itself, and that must not say otherwise. */
const OF_A_STUDY = ['policies', 'keep', ...SAMPLING_ATTRIBUTES];

/** A study with what was given beside it. */
function studyWith(study: Study, flags: EvaluateFlags, given: Given): Study {
  const wrong = OF_A_STUDY.find(given);
  if (wrong !== undefined) {
    const name = wrong.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(
      `--${name} can't be given with --study: the study says how each variant is sampled.`,
    );
  }
  return {
    ...study,
    ...givenOf(flags, given),
    ...(flags.margin ? { margins: { ...study.margins, ...marginsOf(flags.margin) } } : {}),
  };
}

/** The model, which a study may name. */
function modelOf({ model }: EvaluateFlags, study: Study | undefined): Pick<ModelFlags, 'model'> {
  const named = model ?? study?.model;
  return named === undefined ? {} : { model: named };
}

/** The numbers that a study has too, where they were given. */
function givenOf(
  flags: EvaluateFlags,
  given: Given,
): Partial<Pick<EvaluateFlags, 'n' | 'seed' | 'batch' | 'resamples'>> {
  const names = (['n', 'seed', 'batch', 'resamples'] as const).filter(given);
  return Object.fromEntries(names.map((name) => [name, flags[name]]));
}

/** The command that evaluates a study again. */
function studyCommand(
  { study, model, network, real, margin = [], ...flags }: EvaluateFlags,
  given: Given,
  resolved: Pick<ModelInUse['model'], 'device' | 'dtype'>,
): string {
  const margins = marginsOf(margin);
  return evaluationCommand({ study, model, network, real, margins, ...givenOf(flags, given), ...resolved });
}

/** The option `--margin`, of commands that compare. */
export function marginOption(): Option {
  return new Option(
    '--margin <numbers>',
    'differences that don’t matter, by comma: in Fréchet distance, KID, recall and score (default: the built-in network’s, 1.9,0.39,0.047; none with a network of your own)',
  ).argParser(marginNumbers);
}

function marginNumbers(text: string): readonly number[] {
  const numbers = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (numbers.length > 4 || numbers.some((number) => !(number >= 0 && number < Number.POSITIVE_INFINITY))) {
    throw new InvalidArgumentError(
      'It must be up to four numbers from 0: of Fréchet distance, of KID, of recall and of score (0.05 is 5 %).',
    );
  }
  return numbers;
}

export function marginsOf([frechet, kid, recall, score]: readonly number[]) {
  return {
    ...(frechet === undefined ? {} : { frechet }),
    ...(kid === undefined ? {} : { kid }),
    ...(recall === undefined ? {} : { recall }),
    ...(score === undefined ? {} : { score }),
  };
}
