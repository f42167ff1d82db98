import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { TensorToWrite } from '@tessera/convert';
import { FEATURES_FILE, FEATURES_LIST, STORAGE_TYPES, type StorageType } from '@tessera/format';
import { Command, Option } from 'commander';
import { type CommandContext, outputOf } from '../command-context.js';
import { readTextEncoder } from '../model-config-file.js';
import { wholeNumberOption } from '../number-options.js';
import { withOutputOption } from '../output-path.js';
import { promptsFrom } from '../picture-options.js';
import { wrappedHelp } from '../terminal.js';
import { UsageError } from '../usage-error.js';

interface EncodeTextFlags {
  readonly text: string;
  readonly out: string;
  readonly length: number;
  readonly dtype: StorageType;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

export function encodeTextCommand(context: CommandContext): Command {
  return withOutputOption(new Command('encode-text'), 'folder', 'where features go', 'features')
    .description('Turn prompts into features, for models without a text encoder of their own.')
    .argument('<prompts>', 'a file with a prompt a line')
    .requiredOption(
      '--text <folder>',
      'the text encoder, T5 or Llama: config.json, tokenizer.json and weights',
    )
    .addOption(wholeNumberOption('--length <n>', 'rows of a prompt', 1).default(128))
    .addOption(new Option('--dtype <type>', "the encoder's weights").choices(STORAGE_TYPES).default('fp16'))
    .option('--overwrite', 'replace the features that are there')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      wrappedHelp(`The encoder can be larger than the model that draws: features are made once, here, and the model is
converted without --text. The features of no prompt, which guidance leads away from, are added.

Examples:
  tessera encode-text prompts.txt --text Llama-3.2-1B --out features
  tessera generate --model nitro-ar --features features`),
    )
    .action((prompts: string, flags: EncodeTextFlags) => encodeText(context, prompts, flags));
}

async function encodeText(context: CommandContext, path: string, flags: EncodeTextFlags): Promise<void> {
  const output = outputOf(context, flags.json);
  const { signal } = context.io;
  const given = await promptsFrom([], { prompts: path });
  if (given.length === 0) throw new UsageError(`${path} holds no prompts. Write one a line.`);
  const prompts = [...new Set(['', ...given])];
  const source = await readTextEncoder(flags.text);
  const out = resolve(flags.out);
  if (existsSync(out)) {
    if (!flags.overwrite) throw new UsageError(`${flags.out} exists. Name another folder, or --overwrite.`);
    if (!existsSync(join(out, FEATURES_LIST)))
      throw new UsageError(`${flags.out} holds something else than features, and is not replaced.`);
  }
  const { convertTextEncoder, writeSafetensors } = await import('@tessera/convert');
  const { openTextEncoder } = await import('@tessera/runtime-node');
  await mkdir(dirname(out), { recursive: true });
  // The encoder's graph lies where the features go: it may be larger than what a temporary folder holds.
  const folder = await mkdtemp(`${out}-partial-`);
  try {
    const made = join(folder, 'features');
    await mkdir(made);
    const encoder = await convertTextEncoder({
      ...source,
      ...{ folder, length: flags.length, dtype: flags.dtype, signal },
      onProgress: (share) => output.progress.update(share / 2, 'converting the text encoder'),
    });
    const tokenizer = join(folder, 'tokenizer.json');
    await copyFile(source.tokenizer, tokenizer);
    const { condition, kind } = encoder;
    const text = await openTextEncoder(encoder.graph, tokenizer, condition);
    const tensors: Record<string, TensorToWrite> = {};
    const listed: { prompt: string; tokens: number }[] = [];
    try {
      for (const [index, prompt] of prompts.entries()) {
        output.progress.update(0.5 + index / prompts.length / 2, `encoding ${index + 1}/${prompts.length}`);
        const [{ features, mask } = { features: new Float32Array() }] = await text.encode([prompt], {
          signal,
        });
        tensors[`features.${index}`] = { shape: [condition.length, condition.width], data: features };
        listed.push({ prompt, tokens: mask?.reduce((sum, each) => sum + each, 0) ?? condition.length });
      }
    } finally {
      await text.dispose();
    }
    await writeSafetensors(join(made, FEATURES_FILE), tensors);
    const { length, width } = condition;
    const list = { format: 'tessera-features', version: 1, encoder: kind, length, width, prompts: listed };
    await writeFile(join(made, FEATURES_LIST), `${JSON.stringify(list, undefined, 2)}\n`);
    if (existsSync(out)) await rm(out, { recursive: true });
    await rename(made, out);
    output.progress.clear();
    output.print(
      `${context.style.green('done')}  ${given.length} prompts in ${context.style.bold(flags.out)}, ${length} rows of ${width} each, by ${kind}`,
    );
    output.result({ folder: out, encoder: kind, length, width, prompts: listed });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
