import { Command } from 'commander';
import { type CommandContext, outputOf } from '../command-context.js';
import { type QueueFlags, withFleet, withQueueOptions } from '../fleet/queue-option.js';

interface CancelFlags extends QueueFlags {
  readonly json?: boolean;
}

export function cancelCommand(context: CommandContext): Command {
  const command = new Command('cancel')
    .description('Take a job out of the queue. Its finished shards stay where they are.')
    .argument('<job>', 'its name, or the beginning of its id');
  return withQueueOptions(command)
    .option('--json', 'print one JSON document')
    .action(async (job: string, flags: CancelFlags) => {
      const output = outputOf(context, flags.json);
      const cancelled = await withFleet(context, flags, output, (fleet) => fleet.cancel(job));
      output.print(`${cancelled.name}  cancelled`);
      output.result(cancelled);
    });
}
