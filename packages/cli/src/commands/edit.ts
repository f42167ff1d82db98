import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Margins } from '@tessera/core/model';
import { shortTime } from '@tessera/evaluation-report/display';
import { writeJson, writePng } from '@tessera/evaluation-report/files';
import {
  classesOf,
  classNameOf,
  describeSampling,
  type EditSubject,
  type Manifest,
  titleOf,
  USUAL_BATCH,
  usualBatch,
} from '@tessera/format';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type CommandContext, outputOf } from '../command-context.js';
import { drawEdits, editRecipe, readInput } from '../edit-picture.js';
import { InterruptedError } from '../interruption.js';
import { type ModelFlags, modelInUse, modelLine, withModelOptions } from '../model-options.js';
import { seedOption, wholeNumberOption } from '../number-options.js';
import { assertOutput, isPng, OutputPathError, withOutputOption } from '../output-path.js';
import { parseClassLabels } from '../parse-class-labels.js';
import { type SamplingFlags, samplingChoice, withSamplingOptions } from '../sampling-options.js';
import { wrappedHelp } from '../terminal.js';
import { UsageError } from '../usage-error.js';

interface EditFlags extends ModelFlags, SamplingFlags {
  readonly mask?: string;
  readonly outpaint?: Margins;
  readonly class?: string;
  readonly prompt?: string;
  readonly negative?: string;
  readonly grow: number;
  readonly exact?: boolean;
  readonly count: number;
  readonly batch?: number;
  readonly seed: number;
  readonly policy?: string;
  readonly out?: string;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

export function editCommand(context: CommandContext): Command {
  const command = new Command('edit')
    .description('Repaint a part of a picture, or paint around it. All other pixels keep their bytes.')
    .argument('<picture>', 'the picture, a PNG of any size')
    .option('--mask <file.png>', "white where the picture is repainted; of the picture's ratio of sides")
    .addOption(
      new Option('--outpaint <pixels>', 'paint around it: one number, or top,right,bottom,left').argParser(
        marginsFrom,
      ),
    )
    .option('--prompt <text>', 'what is painted, for a model that takes text')
    .option('--negative <prompt>', 'what guidance leads away from')
    .addOption(
      new Option('--class <name>', 'what is painted: a class by name or number').conflicts([
        'prompt',
        'negative',
      ]),
    )
    .addOption(
      wholeNumberOption('--grow <n>', 'rings of tokens around the mask to repaint too', 0).default(0),
    )
    .option('--exact', 'repaint the white pixels alone, not the whole tokens that they touch')
    .addOption(wholeNumberOption('--count <n>', 'variations', 1).default(1))
    .addOption(seedOption())
    .option(
      '--policy <spec>',
      'a policy; "tessera generate --policy help" lists them (default: the model\'s)',
    );
  withSamplingOptions(command, { policy: true });
  withModelOptions(command, { precision: true });
  withOutputOption(command, 'folder or picture', 'where pictures go (default: out/NAME-edited-seed-SEED)')
    .addOption(wholeNumberOption('--batch <n>', `variations at once (${USUAL_BATCH})`, 1))
    .option('--overwrite', 'replace what is there')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      wrappedHelp(`The picture is scaled as a whole to fit into the model's picture, and the result is scaled back.
Only the repainted pixels come from the model. The model paints whole tokens: each token that a
white pixel of the mask touches is repainted, or with --exact only its white pixels. The recipe
beside the pictures names the model, the sampling, the picture and the mask.

Examples:
  tessera edit photo.png --mask mask.png --class cat
  tessera edit photo.png --mask mask.png --prompt "a red fox"
  tessera edit photo.png --mask mask.png --class tree --count 4 --grow 1 --out trees
  tessera edit photo.png --outpaint 0,32,0,32 --class house --out wide.png`),
    );
  return command.action((picture: string, flags: EditFlags) => edit(context, picture, flags));
}

function marginsFrom(text: string): Margins {
  const numbers = text.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : Number.NaN));
  const [top = Number.NaN, right = top, bottom = top, left = top] = numbers;
  if (![1, 4].includes(numbers.length) || ![top, right, bottom, left].every(Number.isSafeInteger)) {
    throw new InvalidArgumentError('It must be one number of pixels, or four: top,right,bottom,left.');
  }
  return { top, right, bottom, left };
}

async function edit(context: CommandContext, path: string, flags: EditFlags): Promise<void> {
  const output = outputOf(context, flags.json);
  const { count, seed, grow: growTokens, exact: exactMask = false, outpaint } = flags;
  if (flags.mask === undefined && !outpaint) {
    throw new UsageError(
      'Give --mask to repaint a part of the picture, --outpaint to paint around it, or both.',
    );
  }
  const target = targetOf(path, flags);
  const picture = await readInput(path);
  const mask = flags.mask === undefined ? undefined : await readInput(flags.mask);
  const choice = samplingChoice(flags, flags.policy);
  if (flags.class === undefined && flags.prompt === undefined)
    throw new UsageError('Say what to paint: --prompt "a red fox", or --class cat.');
  const used = await modelInUse(context, flags, output, { prompts: flags.prompt !== undefined });
  const { model } = used;
  const { signal } = context.io;
  try {
    const { sampling: advised } = model.manifest;
    const request = {
      ...{ used, picture, growTokens, exactMask, seed },
      subject: subjectFrom(model.manifest, flags),
      ...(mask ? { mask } : {}),
      ...(outpaint ? { outpaint } : {}),
      sampling: choice(advised),
    };
    const recipe = editRecipe(request);
    const batch = flags.batch ?? usualBatch(model);
    const onProgress = (done: number): void =>
      output.progress.update(done / count, `${Math.floor(done)}/${count} pictures`);
    const began = performance.now();
    const files: string[] = [];
    let repainted = 0;
    let pixels = 0;
    try {
      for await (const { image, mask: drawn } of drawEdits(request, { count, batch, signal, onProgress })) {
        const file = target.paths[files.length]!;
        await writePng(file, image, { ...recipe, imageIndex: files.length });
        files.push(file);
        repainted = drawn.data.filter((value) => value > 0).length;
        pixels = drawn.data.length;
      }
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new InterruptedError(
        `Stopped. ${files.length} of ${count} pictures are finished in ${target.place}.`,
      );
    } finally {
      output.progress.clear();
      if (files.length > 0) {
        await writeJson(target.recipePath, { ...recipe, images: files.map((file) => basename(file)) });
      }
    }
    const seconds = (performance.now() - began) / 1000;
    const share = `${repainted.toLocaleString('en')} of ${pixels.toLocaleString('en')} pixels`;
    output.print(
      `${context.style.green('done')}  ${count === 1 ? 'a picture' : `${count} pictures`} in ${target.place}`,
    );
    output.print(`  model    ${modelLine(used)}`);
    output.print(`  sampling ${describeSampling(request.sampling).join(', ')}, seed ${seed}`);
    output.print(`  painted  ${titleOf(request.subject)}: ${share}; all others are unchanged`);
    output.print(`  made     ${count} in ${shortTime(seconds)}`);
    output.print(`  recipe   ${target.recipePath}`);
    output.result({
      ...{ place: target.place, recipe: target.recipePath, device: model.device, seconds },
      repaintedPixels: repainted,
      pictures: files.map((file, index) => ({ index, path: file })),
    });
  } finally {
    await model.dispose();
  }
}

/** @throws UsageError where the model takes something else, or the word doesn't name one class */
function subjectFrom(
  manifest: Manifest,
  { class: word, prompt, negative }: Pick<EditFlags, 'class' | 'prompt' | 'negative'>,
): EditSubject {
  const { name, condition } = manifest;
  if (condition.kind === 'text') {
    if (prompt?.trim()) return { prompt, ...(negative === undefined ? {} : { negativePrompt: negative }) };
    throw new UsageError(`The model "${name}" draws prompts: say what to paint by --prompt "a red fox".`);
  }
  if (word === undefined) {
    throw new UsageError(`The model "${name}" draws classes: say what to paint by --class.`);
  }
  const classes = classesOf(manifest);
  const [classLabel, ...others] = parseClassLabels(classes, [word]);
  if (classLabel === undefined || others.length > 0) {
    throw new UsageError('--class names several classes, and an edit paints one.');
  }
  return { classLabel, className: classNameOf(classes, classLabel) };
}

/** Where the pictures and their recipe go. */
function targetOf(path: string, { out, count, seed, overwrite = false }: EditFlags) {
  const name = `${basename(path).replace(/\.png$/i, '')}-edited-seed-${seed}`;
  const place = out ?? join('out', count === 1 ? `${name}.png` : name);
  assertOutput(place, 'folder or picture');
  if (isPng(place) && count > 1) {
    throw new UsageError(`${place} can hold one picture, and ${count} are asked for. Give --out a folder.`);
  }
  const paths = isPng(place)
    ? [place]
    : Array.from({ length: count }, (_, index) => join(place, `${`${index}`.padStart(5, '0')}.png`));
  const recipePath = isPng(place) ? place.replace(/\.png$/i, '.recipe.json') : join(place, 'recipe.json');
  const taken = [...paths, recipePath].find((file) => existsSync(file));
  if (taken !== undefined && !overwrite) {
    throw new OutputPathError(taken, 'exists already. Replace it by --overwrite');
  }
  return { place, paths, recipePath };
}
