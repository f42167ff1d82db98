import type { Fleet } from '@tessera/fleet/redis';
import type { Command } from 'commander';
import type { CommandContext, Output } from '../command-context.js';

export interface QueueFlags {
  readonly redis?: string;
  readonly withoutAof?: boolean;
}

/** Options of every command that speaks to the queue. */
export function withQueueOptions(command: Command): Command {
  return command
    .option(
      '--redis <address>',
      'the queue, on Redis or Valkey (default: TESSERA_REDIS, or redis://127.0.0.1)',
    )
    .option('--without-aof', 'accept a server without an append-only file');
}

/** Connects to the queue while it is used. Only a command that speaks to it waits for its library to be loaded. */
export async function withFleet<Result>(
  { io }: CommandContext,
  { redis, withoutAof = false }: QueueFlags,
  output: Output,
  use: (fleet: Fleet) => Promise<Result>,
): Promise<Result> {
  const { Fleet } = await import('@tessera/fleet/redis');
  const fleet = await Fleet.connect(redis ?? io.env.TESSERA_REDIS ?? 'redis://127.0.0.1:6379', {
    withoutAof,
    onConnection: (state) =>
      output.warn(state === 'lost' ? 'The queue is lost; what is under way goes on.' : 'The queue is back.'),
  });
  try {
    return await use(fleet);
  } finally {
    await fleet.close();
  }
}
