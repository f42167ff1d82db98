import { jobId } from '@tessera/fleet';
import { Command, Option } from 'commander';
import { type CommandContext, outputOf } from '../command-context.js';

import { batchOption, type JobFlags, withJob, withJobOptions } from '../fleet/job-options.js';
import { storeWork } from '../fleet/store-work.js';
import { wholeNumberOption } from '../number-options.js';
import { withOutputOption } from '../output-path.js';
import { type Environment, wrappedHelp } from '../terminal.js';
import { UsageError } from '../usage-error.js';

interface ShardFlags extends JobFlags {
  readonly index?: number;
  readonly finish?: boolean;
  readonly batch?: number;
  readonly out: string;
  readonly json?: boolean;
}

/** Where Kubernetes, Slurm and AWS Batch say which part of an array job this one is. */
const ARRAY_INDICES = ['JOB_COMPLETION_INDEX', 'SLURM_ARRAY_TASK_ID', 'AWS_BATCH_JOB_ARRAY_INDEX'];

export function shardCommand(context: CommandContext): Command {
  const command = new Command('shard')
    .description('Draw one part of many pictures, as one of many machines.')
    .addOption(
      wholeNumberOption('--index <i>', `which shard, from 0 (default: ${ARRAY_INDICES.join(', ')})`, 0),
    )
    .addOption(
      new Option('--finish', 'check all shards, and write manifest.json and sheet.png').conflicts('index'),
    );
  withJobOptions(command);
  return withOutputOption(command, 'store', 'where the shards go, which all machines see', null)
    .addOption(batchOption())
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      wrappedHelp(`Every machine runs the same command but for its index. A shard appears as a whole; one that is there is
not drawn again. So a part may be run twice, or be killed and run again: the folder is the truth, and the
pictures are those of an unbroken run. Where machines come and go, see tessera submit.

Examples:
  tessera shard --pictures 0-9999 --of 20 --index 3 --out job
  tessera shard --prompts prompts.txt --pictures 0-9999 --of 20 --index 3 --out job
  sbatch --array=0-19 --wrap 'tessera shard --pictures 0-9999 --of 20 --out job'
  tessera shard --pictures 0-9999 --of 20 --out job --finish`),
    )
    .action((words: readonly string[], flags: ShardFlags) => shard(context, words, flags));
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

async function shard(context: CommandContext, words: readonly string[], flags: ShardFlags): Promise<void> {
  const output = outputOf(context, flags.json);
  const index = flags.finish ? 0 : indexOf(flags, context.io.env);
  await withJob(context, words, flags, output, async (chosen, used) => {
    const job = { ...chosen, name: 'job' };
    const { signal } = context.io;
    const work = storeWork({ placeOf: () => flags.out, modelOf: async () => used, batch: flags.batch });
    const id = await jobId(job);
    if (flags.finish) {
      const { pictures, shards } = await work.finish(job, { signal });
      output.print(`${context.style.green('done')}  ${pictures} pictures in ${shards} shards, all checked`);
      output.result({ job: id, pictures, shards });
      return;
    }
    const { pictures, wasThere } = await work.draw(job, index, {
      signal,
      onProgress: (done) => output.progress.update(done, `shard ${index} of ${flags.of}`),
    });
    output.progress.clear();
    output.print(
      `${context.style.green('done')}  shard ${index} of ${flags.of}, ${pictures} pictures${wasThere ? ', was there' : ''}`,
    );
    output.result({ job: id, index, of: flags.of, pictures, wasThere });
  });
}
