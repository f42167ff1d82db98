import { join, parse } from 'node:path';
import { compare } from '@tessera/evaluation-report';
import { shortTime } from '@tessera/evaluation-report/display';
import { writePng } from '@tessera/evaluation-report/files';
import {
  adviceOf,
  buildSampling,
  classesOf,
  parseSpec,
  picturesOf,
  promptPictures,
  resolveSampling,
  titleOf,
} from '@tessera/format';
import { Command } from 'commander';
import { type CommandContext, type Output, outputOf } from '../command-context.js';
import { comparisonDocument, summarize, summarySheet, summaryTable } from '../comparison-report.js';
import { type DrawnPicture, drawPictures } from '../draw-pictures.js';
import { type ModelFlags, modelInUse, modelLine, withModelOptions } from '../model-options.js';
import { withOutputOption } from '../output-path.js';
import { pictureSheet } from '../picture-sheet.js';
import { wrappedHelp } from '../terminal.js';

interface DemoFlags extends ModelFlags {
  readonly out: string;
  readonly json?: boolean;
}

const ROWS = [
  { policy: 'mar', name: 'MAR' },
  { policy: 'gtr-32', name: 'GtR 32 + FTS' },
  { policy: 'gtr-16', name: 'GtR 16 + FTS' },
  { policy: 'gtr-fast/guidance=off/temperature=0.96', name: 'GtR fast, no guidance' },
] as const;

const PROMPTS = [
  'a fox on snow',
  'a burger on a blue background',
  'a blue apple',
  'a crown above a frog',
  'three purple suitcases on sand',
  'a cat and a dog on a meadow',
  'a sailboat at sea',
  'four stars at night',
] as const;
const PROMPT_SEED = 5;

const LONGEST = Math.max(...ROWS.map(({ policy }) => policy.length));

const SEED = 1;
const SCALE = 2;

export function demoCommand(context: CommandContext): Command {
  const command = withModelOptions(new Command('demo'), { model: false });
  return withOutputOption(command, 'picture', 'where the sheet goes', join('out', 'demo.png'))
    .description(
      "Draw prompts, then all classes: MAR's 64×100 above GtR as published and as the model advises, on the same seeds.",
    )
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      wrappedHelp('Examples:\n  tessera demo\n  tessera demo --out sheet.png --threads 1'),
    )
    .action((flags: DemoFlags) => demo(context, flags));
}

async function demo(context: CommandContext, flags: DemoFlags): Promise<void> {
  const output = outputOf(context, flags.json);
  const { io, style } = context;
  const began = performance.now();
  const prompts = await drawPrompts(context, flags, output);
  const used = await modelInUse(context, flags, output);
  const { model } = used;
  try {
    const classes = classesOf(model.manifest);
    const pictures = picturesOf(classes, [...Array(classes.count).keys()], 1);
    output.print(`Drawing ${pictures.length} classes by ${ROWS.length} policies with ${modelLine(used)}.`);
    const compared = await compare({
      model,
      variants: ROWS.map(({ policy }) => ({
        name: policy,
        sampling: resolveSampling(parseSpec(policy), model.manifest.sampling),
      })),
      seed: SEED,
      pictures,
      signal: io.signal,
      // Drawing starts at once; the first pictures are slower, which the medians don't mind.
      warmUp: false,
      onPicture({ variant, picture, seconds, done, total }) {
        output.progress.update(done / total, `${done}/${total}  ${variant}, ${titleOf(picture)}`);
        if (!io.stderr.isTTY) {
          output.warn(
            `${`${done}`.padStart(4)}/${total}  ${variant.padEnd(LONGEST)} ${titleOf(picture).padEnd(10)} ${seconds.toFixed(2)} s`,
          );
        }
      },
    });
    output.progress.clear();
    const summaries = summarize(compared);
    const title = 'The same seeds, sampled four ways';
    const names = ROWS.map(({ name }) => name);
    await writePng(flags.out, summarySheet(compared, summaries, { title, scale: SCALE, names }));
    const [head, ...lines] = summaryTable(summaries, context.io.stdout.columns);
    output.print();
    output.print(style.bold(head!));
    for (const line of lines) output.print(line);
    output.print();
    for (const [i, { name }] of ROWS.entries()) {
      if (i > 0)
        output.print(`${name} is ${style.green(`${summaries[i]!.ratio.toFixed(1)}×`)} as fast as MAR.`);
    }
    output.print(
      `${style.bold(flags.out)} shows them side by side (${shortTime((performance.now() - began) / 1000)} in all).`,
    );
    const document = comparisonDocument(used, SEED, compared, summaries);
    output.result({ ...document, sheet: flags.out, prompts });
  } finally {
    await model.dispose();
  }
}

/** Draws prompts as the text model advises, a sheet beside that of the classes; returns where. */
async function drawPrompts(context: CommandContext, flags: DemoFlags, output: Output): Promise<string> {
  const { io, style } = context;
  const began = performance.now();
  const used = await modelInUse(context, flags, output, { prompts: true });
  const { model } = used;
  try {
    const pictures = promptPictures(PROMPTS, 1);
    output.print(`Drawing ${pictures.length} prompts with ${modelLine(used)}.`);
    const drawn: DrawnPicture[] = [];
    const defaults = model.manifest.sampling;
    const sampling = buildSampling(resolveSampling(parseSpec(adviceOf(defaults)), defaults));
    const onProgress = (done: number) => {
      const next = pictures[Math.min(Math.floor(done), pictures.length - 1)]!;
      output.progress.update(done / pictures.length, titleOf(next));
    };
    const options = { model, sampling, seed: PROMPT_SEED, pictures, batch: 1, signal: io.signal, onProgress };
    for await (const each of drawPictures(options)) {
      drawn.push(each);
      if (!io.stderr.isTTY)
        output.warn(`${`${drawn.length}`.padStart(4)}/${pictures.length}  ${titleOf(each.picture)}`);
    }
    output.progress.clear();
    const { dir, name } = parse(flags.out);
    const sheet = join(dir, `${name}-prompts.png`);
    await writePng(sheet, pictureSheet(drawn, SCALE));
    output.print(`${style.bold(sheet)} shows them (${shortTime((performance.now() - began) / 1000)}).`);
    output.print();
    return sheet;
  } finally {
    await model.dispose();
  }
}
