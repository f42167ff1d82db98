import { join } from 'node:path';
import { readPng, writeJson, writePng } from '@tessera/evaluation-report/files';
import {
  assertSamplingFits,
  buildSampling,
  classesOf,
  type Picture,
  pictureAt,
  recipeFor,
  recipeOf,
} from '@tessera/format';
import { pngBytes } from '@tessera/format/png';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type CommandContext, outputOf } from '../command-context.js';
import { drawPictures } from '../draw-pictures.js';
import { type ModelFlags, modelInUse, withModelOptions } from '../model-options.js';
import { seedOption, wholeNumberOption } from '../number-options.js';
import { withOutputOption } from '../output-path.js';
import { pictureSheet, sheetScale } from '../picture-sheet.js';
import { type SamplingFlags, samplingChoice, withSamplingOptions } from '../sampling-options.js';
import { ShardError, ShardFolder, type ShardManifest } from '../shards/shard-folder.js';
import { jobId, type ShardJob, shardPictures } from '../shards/shard-job.js';
import { type Environment, wrappedHelp } from '../terminal.js';
import { UsageError } from '../usage-error.js';

interface ShardFlags extends ModelFlags, SamplingFlags {
  readonly pictures: readonly [from: number, to: number];
  readonly of: number;
  readonly index?: number;
  readonly finish?: boolean;
  readonly seed: number;
  readonly policy?: string;
  readonly batch?: number;
  readonly out: string;
  readonly json?: boolean;
}

/** Where Kubernetes, Slurm and AWS Batch say which part of an array job this one is. */
const ARRAY_INDICES = ['JOB_COMPLETION_INDEX', 'SLURM_ARRAY_TASK_ID', 'AWS_BATCH_JOB_ARRAY_INDEX'];

/** Pictures on the sheet of a whole job. */
const SHOWN = 100;

export function shardCommand(context: CommandContext): Command {
  const command = new Command('shard')
    .description('Draw one part of many pictures, as one of many machines.')
    .addOption(
      new Option('--pictures <from-to>', 'the numbers of all pictures, e.g. 0-9999')
        .argParser(rangeFrom)
        .makeOptionMandatory(),
    )
    .addOption(wholeNumberOption('--of <n>', 'how many shards there are', 1).makeOptionMandatory())
    .addOption(
      wholeNumberOption('--index <i>', `which shard, from 0 (default: ${ARRAY_INDICES.join(', ')})`, 0),
    )
    .addOption(
      new Option('--finish', 'check all shards, and write manifest.json and sheet.png').conflicts('index'),
    )
    .addOption(seedOption())
    .option('--policy <spec>', 'a policy (default: what the model advises)');
  withSamplingOptions(command, { policy: true });
  withModelOptions(command);
  return withOutputOption(command, 'folder', 'where the shards go, which all machines see', null)
    .addOption(wholeNumberOption('--batch <n>', 'pictures at once (default: 1 on the CPU, 8 elsewhere)', 1))
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      wrappedHelp(`Every machine runs the same command but for its index. A shard appears as a whole; one that is there is
not drawn again. So a part may be run twice, or be killed and run again: the folder is the truth, and the
pictures are those of an unbroken run.

Examples:
  tessera shard --pictures 0-9999 --of 20 --index 3 --out job
  sbatch --array=0-19 --wrap 'tessera shard --pictures 0-9999 --of 20 --out job'
  tessera shard --pictures 0-9999 --of 20 --out job --finish`),
    )
    .action((flags: ShardFlags) => shard(context, flags));
}

function rangeFrom(text: string): readonly [number, number] {
  const [, from, to] = /^(\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
  if (from === undefined || Number(to) < Number(from))
    throw new InvalidArgumentError('It must be two numbers such as 0-9999, the smaller first.');
  return [Number(from), Number(to)];
}

/** @throws UsageError where neither the option nor a scheduler says it */
function indexOf({ index }: ShardFlags, env: Environment): number {
  if (index !== undefined) return index;
  const text = ARRAY_INDICES.map((name) => env[name]).find((value) => value !== undefined);
  if (text !== undefined && /^\d+$/.test(text)) return Number(text);
  throw new UsageError(
    `Say which shard by --index, or by ${ARRAY_INDICES.join(' or ')} as an array job does.`,
  );
}

async function shard(context: CommandContext, flags: ShardFlags): Promise<void> {
  const output = outputOf(context, flags.json);
  const index = flags.finish ? 0 : indexOf(flags, context.io.env);
  const choice = samplingChoice(flags, flags.policy);
  const used = await modelInUse(context, flags, output);
  const { model } = used;
  try {
    const classes = classesOf(model.manifest);
    const [from, to] = flags.pictures;
    const { images: _, ...recipe } = recipeOf({
      model: used.identity,
      seed: flags.seed,
      sampling: choice(model.manifest.sampling),
      made: used.made,
      pictures: [],
    });
    const job: ShardJob = { recipe, from, to, of: flags.of };
    const pictures = shardPictures(job, index, classes);
    assertSamplingFits(recipe.sampling, model.shape, model.diffusion);
    const id = await jobId(job);
    const folder = new ShardFolder(flags.out);
    if (flags.finish) {
      const shards = await finish(folder, job, id);
      const all = shards.flatMap((each) => each.pictures);
      await writeJson(join(flags.out, 'manifest.json'), {
        format: 'tessera-job',
        version: 1,
        job: id,
        recipe,
        shards,
      });
      const shown: { picture: Picture; image: Awaited<ReturnType<typeof readPng>>['image'] }[] = [];
      for (const each of shards.flatMap((one) =>
        one.pictures.map((picture) => ({ ...picture, shard: one.index })),
      )) {
        if (shown.length === SHOWN) break;
        const path = join(folder.pathOf(each.shard), each.file);
        shown.push({ picture: pictureAt(classes, each.index), image: (await readPng(path)).image });
      }
      await writePng(join(flags.out, 'sheet.png'), pictureSheet(shown, sheetScale(model)));
      output.print(
        `${context.style.green('done')}  ${all.length} pictures in ${shards.length} shards, all checked`,
      );
      output.result({ job: id, pictures: all.length, shards: shards.length });
      return;
    }
    const there = await folder.read(index, id);
    if (!there) {
      const drawn = drawPictures({
        ...{ model, seed: flags.seed, pictures, signal: context.io.signal },
        sampling: buildSampling(recipe.sampling),
        batch: flags.batch ?? (model.device === 'cpu' ? 1 : 8),
        onProgress: (done) => output.progress.update(done / pictures.length, `shard ${index} of ${flags.of}`),
      });
      async function* files() {
        for await (const { picture, image } of drawn) {
          const bytes = pngBytes(image, recipeFor({ ...recipe, images: [] }, picture));
          yield { index: picture.index, file: picture.file, bytes };
        }
      }
      await folder.write({ job: id, index, of: flags.of }, files());
      output.progress.clear();
    }
    output.print(
      `${context.style.green('done')}  shard ${index} of ${flags.of}, ${pictures.length} pictures${there ? ', was there' : ''}`,
    );
    output.result({ job: id, index, of: flags.of, pictures: pictures.length, wasThere: there !== undefined });
  } finally {
    await model.dispose();
  }
}

/** All shards, checked. @throws ShardError that says which are missing, or what is wrong with one */
async function finish(folder: ShardFolder, { of }: ShardJob, id: string): Promise<ShardManifest[]> {
  const shards: ShardManifest[] = [];
  const missing: number[] = [];
  for (let index = 0; index < of; index++) {
    const manifest = await folder.read(index, id);
    if (!manifest) missing.push(index);
    else {
      await folder.verify(manifest);
      shards.push(manifest);
    }
  }
  if (missing.length > 0) {
    const some = missing.slice(0, 10).join(', ');
    throw new ShardError(
      `${missing.length} of ${of} shards are missing: ${some}${missing.length > 10 ? ', …' : ''}.`,
    );
  }
  await folder.clean();
  return shards;
}
