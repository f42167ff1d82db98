import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './free-port.js';

/** The server's program; undefined where none is installed. */
export const redisServer = ['redis-server', 'valkey-server'].find(
  (name) => spawnSync(name, ['--version']).status === 0,
);

export interface RedisServer {
  readonly url: string;
  /** Ends it as `kill -9` does. What it was told stays on the disk. */
  kill(): Promise<void>;
  /** Starts it again on the same port and files, and waits until it answers. */
  restart(): Promise<void>;
  /** Ends it, and deletes its files. */
  stop(): Promise<void>;
}

/**
 * Starts a server of one's own, on a free port and in a folder of its own.
 *
 * @param settings more of its command line
 */
export async function startRedis(
  settings: readonly string[] = ['--appendonly', 'yes'],
): Promise<RedisServer> {
  const program = redisServer;
  if (program === undefined)
    throw new Error('There is no redis-server: install it, as by apt-get install redis-server.');
  const folder = await mkdtemp(join(tmpdir(), 'tessera-redis-'));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const start = async () => {
    const child = spawn(
      program,
      ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...settings],
      { stdio: 'ignore' },
    );
    await answers(url);
    return child;
  };
  let child = await start();
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return {
    url,
    kill,
    async restart() {
      child = await start();
    },
    async stop() {
      await kill();
      // A child of the server that rewrites the log may outlive it a little, and write.
      await rm(folder, { recursive: true, force: true, maxRetries: 20 });
    },
  };
}

async function answers(url: string): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  redis.on('error', () => {});
  const late = pause(20_000, 'late', { ref: false });
  const answer = await Promise.race([redis.ping(), late]);
  redis.disconnect();
  if (answer === 'late') throw new Error(`The server at ${url} does not answer.`);
}
