export { type RedisServer, redisServer, startRedis } from './start-redis.js';
