import { Redis, type RedisOptions } from 'ioredis';
import { FleetError } from './fleet-error.js';

export interface ConnectOptions {
  /**
   * Accepts a server without an append-only file, as of a service that keeps a copy in another way.
   *
   * @default false
   */
  readonly withoutAof?: boolean;
  /** Called when the connection is lost, and when it is back. */
  onConnection?(state: 'lost' | 'back'): void;
}

/** Between two attempts to connect again: short at first, and not all machines at once. In milliseconds. */
const retryDelay = (attempt: number): number =>
  Math.min(100 * 2 ** attempt, 3000) * (0.5 + Math.random() / 2);

/**
 * A client that ends when it is told to disconnect while it connects again. ioredis then drops the attempt, and commands that wait
 * for it, and whoever waits for its end, wait for ever. Here that attempt is made, and is the last one.
 */
class EndingRedis extends Redis {
  override disconnect(reconnect = false): void {
    if (reconnect || !['reconnecting', 'connecting', 'connect'].includes(this.status)) {
      super.disconnect(reconnect);
      return;
    }
    this.options.retryStrategy = () => null;
    // Not before: commands of the lost connection are forgotten between `connect` and `ready`.
    this.once('ready', () => super.disconnect());
  }

  override duplicate(override?: Partial<RedisOptions>): EndingRedis {
    return new EndingRedis({ ...this.options, ...override });
  }
}

export interface RedisConnection {
  readonly redis: Redis;
  /** Ends it and all its duplicates, whether the server answers or not; what waits for it fails. */
  disconnect(): void;
}

/**
 * Connects to Redis or Valkey, and checks that it keeps what it is told. Afterwards a lost connection is opened again for as long
 * as it takes, and commands wait for it.
 *
 * @param url `redis://[user:password@]host[:port][/database]`, or `rediss://` over TLS
 * @throws FleetError where it can't be reached, or could lose jobs
 */
export async function connectToRedis(
  url: string,
  { withoutAof = false, onConnection }: ConnectOptions = {},
): Promise<RedisConnection> {
  const place = placeOf(url);
  let isOpen = false;
  let problem: Error | undefined;
  const redis = new EndingRedis(url, {
    lazyConnect: true,
    maxRetriesPerRequest: null,
    retryStrategy: (attempt) => (isOpen ? retryDelay(attempt) : null),
  });
  redis.on('error', (error) => {
    problem = error;
  });
  try {
    await redis.connect();
    assertKeepsJobs(await redis.info(), place, withoutAof);
  } catch (error) {
    redis.disconnect();
    if (error instanceof FleetError) throw error;
    const cause = problem ?? error;
    const { message } = cause as Error;
    throw new FleetError(
      `${place} can't be used: ${message}. Start a server, as by redis-server --appendonly yes, and name it by its address, such as redis://user:password@host:6379.`,
      { cause },
    );
  }
  isOpen = true;
  let isLost = false;
  redis.on('reconnecting', () => {
    if (!isLost) onConnection?.('lost');
    isLost = true;
  });
  redis.on('ready', () => {
    if (isLost) onConnection?.('back');
    isLost = false;
  });
  return {
    redis,
    disconnect() {
      isOpen = false;
      redis.disconnect();
    },
  };
}

/** The address without its password. */
function placeOf(url: string): string {
  try {
    const { protocol, host } = new URL(url);
    if (/^rediss?:$/.test(protocol) && host !== '') return `${protocol}//${host}`;
  } catch {
    // Told below.
  }
  throw new FleetError('The address of Redis must be such as redis://host:6379.');
}

function assertKeepsJobs(info: string, place: string, withoutAof: boolean): void {
  const setting = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
  const policy = setting('maxmemory_policy');
  if (policy !== undefined && policy !== 'noeviction') {
    throw new FleetError(
      `${place} may drop jobs when its memory is full (maxmemory-policy ${policy}). Set it by: redis-cli config set maxmemory-policy noeviction`,
    );
  }
  if (setting('aof_enabled') === '0' && !withoutAof) {
    throw new FleetError(
      `${place} forgets jobs when it ends, since it has no append-only file. Set it by: redis-cli config set appendonly yes. Where the service keeps a copy in another way, accept it by --without-aof.`,
    );
  }
}
