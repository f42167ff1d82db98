export { FleetError } from './fleet-error.js';
export type { FleetJob, NamedJob } from './fleet-job.js';
export { ShardFolder } from './shard-folder.js';
export { jobId, jobPicture, type Pictured, type ShardJob, shardPictures } from './shard-job.js';
export {
  ShardError,
  type ShardFile,
  type ShardManifest,
  type ShardStore,
  verifyShard,
} from './shard-store.js';
export type { DrawnShard, FinishedJob, ShardWork } from './shard-work.js';
