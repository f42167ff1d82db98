import { textTable } from '@tessera/evaluation-report/display';
import { Command } from 'commander';
import { type CommandContext, outputOf } from '../command-context.js';
import { type QueueFlags, withFleet, withQueueOptions } from '../fleet/queue-option.js';

interface StatusFlags extends QueueFlags {
  readonly json?: boolean;
}

/** Shards of a job that are told one by one. */
const TOLD = 10;

export function statusCommand(context: CommandContext): Command {
  const command = new Command('status').description('Show the jobs of the queue, and who draws what.');
  return withQueueOptions(command)
    .option('--json', 'print one JSON document')
    .action((flags: StatusFlags) => status(context, flags));
}

async function status(context: CommandContext, flags: StatusFlags): Promise<void> {
  const output = outputOf(context, flags.json);
  const jobs = await withFleet(context, flags, output, (fleet) => fleet.status());
  output.result({ jobs });
  if (jobs.length === 0) return output.print('No jobs. Add one by tessera submit.');
  const rows = jobs.map(({ name, state, pictures, shards, active, dead, priority }) => [
    ...[name, state, `${pictures}`, `${shards.done}/${shards.all}`, `${active.length}`, `${dead.length}`],
    `${priority}`,
  ]);
  const head = ['job', 'state', 'pictures', 'shards', 'active', 'dead', 'priority'];
  const numbers = [false, false, true, true, true, true, true];
  for (const line of textTable([head, ...rows], numbers)) output.print(line);
  for (const { name, active, dead, reason } of jobs) {
    for (const { index, progress, worker } of active.slice(0, TOLD))
      output.print(`${name}  shard ${index}  ${Math.round(100 * progress)} %  ${worker}`);
    for (const { index, reason: why } of dead.slice(0, TOLD))
      output.print(`${name}  shard ${index}  ${context.style.red('dead')}: ${why}`);
    if (reason !== undefined) output.print(`${name}  ${context.style.red('failed')}: ${reason}`);
  }
}
