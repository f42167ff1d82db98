import { Command } from 'commander';
import { type CommandContext, outputOf } from '../command-context.js';
import { type JobFlags, withJob, withJobOptions } from '../fleet/job-options.js';
import { type QueueFlags, withFleet, withQueueOptions } from '../fleet/queue-option.js';
import { wholeNumberOption } from '../number-options.js';
import { wrappedHelp } from '../terminal.js';

interface SubmitFlags extends JobFlags, QueueFlags {
  readonly name?: string;
  readonly priority?: number;
  readonly json?: boolean;
}

const SAID = {
  added: 'added',
  waiting: 'was there, and is under way',
  retried: 'was there; what had failed is tried again',
  done: 'was there, and is done',
};

export function submitCommand(context: CommandContext): Command {
  const command = new Command('submit')
    .description('Put many pictures into the queue, for every tessera worker.')
    .option('--name <name>', 'the folder of its shards, below the one of each worker')
    .addOption(wholeNumberOption('--priority <n>', 'shards of a higher one go first (default: 0)', 0, 1000));
  withQueueOptions(command);
  return withJobOptions(command)
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      wrappedHelp(`The same job is in the queue once, however often it is submitted: again, it tries what has failed. Workers
load the model by the name that is given here, or by their own --model, and draw with no other one.

Examples:
  redis-server --appendonly yes
  tessera submit --pictures 0-9999 --of 100 --name cats
  tessera submit "a red fox" "three cherries" --pictures 0-999 --of 10
  tessera worker --out /shared/jobs
  tessera status`),
    )
    .action((words: readonly string[], flags: SubmitFlags) => submit(context, words, flags));
}

async function submit(context: CommandContext, words: readonly string[], flags: SubmitFlags): Promise<void> {
  const output = outputOf(context, flags.json);
  await withFleet(context, flags, output, (fleet) =>
    withJob(context, words, flags, output, async (job) => {
      const { name, priority } = flags;
      const submitted = await fleet.submit(job, {
        ...(name === undefined ? {} : { name }),
        ...(priority === undefined ? {} : { priority }),
      });
      output.print(
        `${submitted.name}  ${job.to - job.from + 1} pictures in ${job.of} shards  ${SAID[submitted.state]}`,
      );
      output.result(submitted);
    }),
  );
}
