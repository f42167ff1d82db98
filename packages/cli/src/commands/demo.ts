import { join } from 'node:path';
import { compare } from '@tessera/evaluation-report';
import { shortTime } from '@tessera/evaluation-report/display';
import { writePng } from '@tessera/evaluation-report/files';
import { picturesOf, samplingNamed, samplingOf } from '@tessera/format';
import { Command } from 'commander';
import { type CommandContext, voiceOf } from '../command-context.js';
import { comparisonDocument, standingsOf, standingsSheet, standingsTable } from '../comparison-report.js';
import { type ModelFlags, modelInUse, modelLine, withModelOptions } from '../model-options.js';

interface DemoFlags extends ModelFlags {
  readonly out: string;
  readonly json?: boolean;
}

const ROWS = [
  { policy: 'mar', name: 'MAR' },
  { policy: 'gtr-32', name: 'GtR 32 + FTS' },
  { policy: 'gtr-16', name: 'GtR 16 + FTS' },
  { policy: 'gtr-gradual/guidance=off', name: 'GtR gradual, no guidance' },
] as const;

const LONGEST = Math.max(...ROWS.map(({ policy }) => policy.length));

const SEED = 1;
const SCALE = 2;

export function demoCommand(context: CommandContext): Command {
  return withModelOptions(new Command('demo'), { model: false })
    .description(
      "Draw all classes of the embedded model: MAR's 64×100 above GtR as published and begun gradually, on the same seeds.",
    )
    .option('--out <file.png>', 'where the sheet goes', join('out', 'demo.png'))
    .option('--json', 'print one JSON document')
    .addHelpText('after', '\nExamples:\n  tessera demo\n  tessera demo --out sheet.png --threads 1')
    .action((flags: DemoFlags) => demo(context, flags));
}

async function demo(context: CommandContext, flags: DemoFlags): Promise<void> {
  const voice = voiceOf(context, flags.json);
  const { io, style } = context;
  const began = performance.now();
  const used = await modelInUse(context, flags, voice);
  const { model } = used;
  try {
    const classes = model.manifest.condition;
    const pictures = picturesOf(classes, [...Array(classes.count).keys()], 1);
    voice.say(`Drawing ${pictures.length} classes by ${ROWS.length} policies with ${modelLine(used)}.`);
    const contests = await compare({
      model,
      contenders: ROWS.map(({ policy }) => ({
        name: policy,
        sampling: samplingOf(samplingNamed(policy), model.manifest.sampling),
      })),
      seed: SEED,
      pictures,
      signal: io.signal,
      // Drawing starts at once; the first pictures are slower, which the medians don't mind.
      warmUp: false,
      onPicture({ contender, picture, seconds, done, total }) {
        voice.progress.update(done / total, `${done}/${total}  ${contender}, ${picture.className}`);
        if (!io.stderr.isTTY) {
          voice.note(
            `${`${done}`.padStart(4)}/${total}  ${contender.padEnd(LONGEST)} ${picture.className.padEnd(10)} ${seconds.toFixed(2)} s`,
          );
        }
      },
    });
    voice.progress.clear();
    const standings = standingsOf(contests);
    const title = 'The same seeds, sampled four ways';
    const names = ROWS.map(({ name }) => name);
    await writePng(flags.out, standingsSheet(contests, standings, { title, scale: SCALE, names }));
    const [head, ...lines] = standingsTable(standings);
    voice.say();
    voice.say(style.bold(head!));
    for (const line of lines) voice.say(line);
    voice.say();
    for (const [i, { name }] of ROWS.entries()) {
      if (i > 0) voice.say(`${name} is ${style.green(`${standings[i]!.ratio.toFixed(1)}×`)} as fast as MAR.`);
    }
    voice.say(
      `${style.bold(flags.out)} shows them side by side (${shortTime((performance.now() - began) / 1000)} in all).`,
    );
    voice.result({ ...comparisonDocument(used, SEED, contests, standings), sheet: flags.out });
  } finally {
    await model.dispose();
  }
}
