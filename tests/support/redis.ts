import { describe } from 'vitest';
import { redisServer } from '../../packages/fleet/src/testing/start-redis.js';

/** `describe` where there is a Redis or Valkey server to start; elsewhere it skips aloud, on CI it fails. */
export function describeWithRedis(title: string, body: () => void): void {
  const isSkipped = redisServer === undefined && !process.env.CI;
  if (isSkipped) {
    console.warn(`Not tested, for want of a server: ${title}. Install redis-server or valkey-server.`);
  }
  describe.skipIf(isSkipped)(title, body);
}
