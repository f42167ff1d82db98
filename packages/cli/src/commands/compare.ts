import { join } from 'node:path';
import { compare as compareVariants } from '@tessera/evaluation-report';
import { writeJson, writePng } from '@tessera/evaluation-report/files';
import { titleOf } from '@tessera/format';
import { Command } from 'commander';
import { type CommandContext, outputOf } from '../command-context.js';
import { comparisonDocument, summarize, summarySheet, summaryTable } from '../comparison-report.js';
import { type ModelFlags, modelInUse, modelLine, withModelOptions } from '../model-options.js';
import { wholeNumberOption } from '../number-options.js';
import { withOutputOption } from '../output-path.js';
import {
  type PictureFlags,
  picturesFor,
  promptsFrom,
  takesPrompts,
  withPictureOptions,
} from '../picture-options.js';
import { sheetScale } from '../picture-sheet.js';
import { policiesFromFlags } from '../policies-option.js';
import { type SamplingFlags, withSamplingOptions } from '../sampling-options.js';
import { wrappedHelp } from '../terminal.js';

interface CompareFlags extends ModelFlags, SamplingFlags, PictureFlags {
  readonly policies?: string;
  readonly out: string;
  readonly scale?: number;
  readonly json?: boolean;
}

export function compareCommand(context: CommandContext): Command {
  const command = new Command('compare')
    .description('Draw the same pictures by several policies: a contact sheet, and a table of work and time.')
    .option(
      '--policies <list>',
      'specs of policies, by comma; the first is what the others are compared with, and "help" lists them (default: mar, gtr-32, and what the model advises)',
    );
  withPictureOptions(command);
  withSamplingOptions(command, { policy: false });
  withModelOptions(command, { precision: true });
  withOutputOption(command, 'folder', 'where sheet.png and report.json go', join('out', 'compare'))
    .addOption(
      wholeNumberOption(
        '--scale <n>',
        'enlarge the pictures so many times (default: to about 128 pixels)',
        1,
      ),
    )
    .option('--json', 'print the report as one JSON document')
    .addHelpText(
      'after',
      wrappedHelp(`Pictures are made one at a time and the policies in turn, after a picture of each that is not
counted. Times are medians. passes: runs of the transformer, conditional and unconditional;
head evals: tokens × diffusion steps, twice where guided.

Examples:
  tessera compare
  tessera compare --policies mar,mar:32x50,disa,halton,gtr-16 --class cat,fish --count 4
  tessera compare "a red fox on snow" --policies mar,gtr-lightgen
  tessera compare --policies gtr-16,gtr-16/fts=off,gtr-16/fts=low --seed 5 --out out/ablation`),
    );
  return command.action((words: readonly string[], flags: CompareFlags) => compare(context, words, flags));
}

async function compare(
  context: CommandContext,
  words: readonly string[],
  flags: CompareFlags,
): Promise<void> {
  const prompts = await promptsFrom(words, flags);
  const output = outputOf(context, flags.json);
  const choice = policiesFromFlags(flags, output);
  if (!choice) return;
  const used = await modelInUse(context, flags, output, { prompts: takesPrompts(prompts, flags) });
  const { model } = used;
  try {
    const pictures = await picturesFor(flags, model.manifest, prompts, context.io, output);
    const variants = choice(model.manifest.sampling);
    output.progress.update(0, 'warming up');
    const compared = await compareVariants({
      model,
      variants,
      seed: flags.seed,
      pictures,
      signal: context.io.signal,
      onPicture: ({ variant, picture, done, total }) =>
        output.progress.update(done / total, `${done}/${total}  ${variant}, ${titleOf(picture)}`),
    });
    output.progress.clear();
    const summaries = summarize(compared);
    const sheetPath = join(flags.out, 'sheet.png');
    const reportPath = join(flags.out, 'report.json');
    const document = comparisonDocument(used, flags.seed, compared, summaries);
    const title = `${used.identity.name}, seed ${flags.seed}`;
    const scale = flags.scale ?? sheetScale(model);
    // The numbers first: a sheet may be too large to be one.
    await writeJson(reportPath, document);
    await writePng(sheetPath, summarySheet(compared, summaries, { title, scale }));

    const { style } = context;
    const [head, ...lines] = summaryTable(summaries, context.io.stdout.columns);
    output.print(
      style.dim(
        `${modelLine(used)}; ${pictures.length} picture${pictures.length === 1 ? '' : 's'} each, seed ${flags.seed}`,
      ),
    );
    output.print();
    output.print(style.bold(head!));
    for (const line of lines) output.print(line);
    output.print();
    output.print(`sheet   ${sheetPath}`);
    output.print(`report  ${reportPath}`);
    output.result({ ...document, sheet: sheetPath, report: reportPath });
  } finally {
    await model.dispose();
  }
}
