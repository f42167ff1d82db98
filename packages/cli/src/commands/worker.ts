import { hostname } from 'node:os';
import type { ModelInUse } from '@tessera/evaluation-report/environment';
import { ShardError } from '@tessera/fleet';
import type { Recipe } from '@tessera/format';
import { Command } from 'commander';
import { type CommandContext, outputOf } from '../command-context.js';
import { batchOption } from '../fleet/job-options.js';
import { type QueueFlags, withFleet, withQueueOptions } from '../fleet/queue-option.js';
import { placeBelow } from '../fleet/shard-store-at.js';
import { storeWork } from '../fleet/store-work.js';
import { type ModelFlags, modelInUse, withModelOptions } from '../model-options.js';
import { wholeNumberOption } from '../number-options.js';
import { withOutputOption } from '../output-path.js';
import { wrappedHelp } from '../terminal.js';

interface WorkerFlags extends ModelFlags, QueueFlags {
  readonly out: string;
  readonly batch?: number;
  readonly untilEmpty?: boolean;
  readonly lostAfter?: number;
}

export function workerCommand(context: CommandContext): Command {
  const command = new Command('worker').description('Draw what is in the queue, as one of many machines.');
  withQueueOptions(command)
    .option('--until-empty', 'end when nothing is left to draw')
    .addOption(
      wholeNumberOption(
        '--lost-after <s>',
        'silence after which a worker counts as lost (default: 30)',
        1,
        3600,
      ),
    )
    .addOption(batchOption());
  withModelOptions(command);
  return withOutputOption(command, 'store', 'where the jobs go, a folder each, which all machines see', null)
    .addHelpText(
      'after',
      wrappedHelp(`A worker takes one shard at a time. Ctrl-C and SIGTERM give it back at once; after kill -9, or a machine
that is gone, another worker takes it. A lost queue is waited for. Three failures one after the other
end the worker with code 1, since the machine may be what is broken.

Examples:
  tessera worker --out /shared/jobs
  tessera worker --out jobs --threads 1 --until-empty`),
    )
    .action((flags: WorkerFlags) => work(context, flags));
}

async function work(context: CommandContext, flags: WorkerFlags): Promise<void> {
  const output = outputOf(context, false);
  const { untilEmpty = false, lostAfter } = flags;
  const models = oneModel(
    (location) => modelInUse(context, { ...flags, model: location }, output),
    flags.model,
  );
  try {
    await withFleet(context, flags, output, async (fleet) => {
      output.print(`working  ${flags.out}`);
      const { signal } = context.io;
      await fleet.work(
        storeWork({
          placeOf: ({ name }) => placeBelow(flags.out, name),
          modelOf: ({ model }) => models.get(model),
          batch: flags.batch,
        }),
        {
          ...{ signal, untilEmpty, name: `${hostname()}-${process.pid}` },
          ...(lostAfter === undefined ? {} : { lostAfterSeconds: lostAfter }),
          onShard: ({ name, of }, index, { pictures, wasThere }) =>
            output.print(
              `${name}  shard ${index} of ${of}, ${pictures} pictures${wasThere ? ', was there' : ''}`,
            ),
          onFinish: ({ name }, { pictures, shards }) =>
            output.print(
              `${name}  ${context.style.green('done')}  ${pictures} pictures in ${shards} shards, all checked`,
            ),
          onProblem: ({ message }) => output.warn(`problem: ${message}`),
        },
      );
      signal.throwIfAborted();
    });
  } finally {
    await models.dispose();
  }
}

/** One model at a time: jobs of one model follow each other. */
function oneModel(
  load: (location: string) => Promise<ModelInUse>,
  own: string | undefined,
): { get(asked: Recipe['model']): Promise<ModelInUse>; dispose(): Promise<void> } {
  let last: { readonly sha256: string; readonly used: Promise<ModelInUse> } | undefined;
  const dispose = async () => {
    const before = last;
    last = undefined;
    await (await before?.used.catch(() => undefined))?.model.dispose();
  };
  return {
    dispose,
    async get({ name, location, sha256 }) {
      if (last?.sha256 !== sha256) {
        await dispose();
        last = { sha256, used: load(own ?? location) };
      }
      const current = last;
      try {
        const used = await current.used;
        if (used.identity.sha256 === sha256) return used;
      } catch (error) {
        await dispose();
        throw error;
      }
      await dispose();
      throw new ShardError(
        `The job is of the model ${name}, ${sha256.slice(0, 12)}…, and this worker has another one. Name its files by --model.`,
      );
    },
  };
}
