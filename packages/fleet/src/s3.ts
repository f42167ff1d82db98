export { ShardBucket } from './shard-bucket.js';
