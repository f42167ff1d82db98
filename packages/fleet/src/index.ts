export { FleetError } from './fleet-error.js';
export type { FleetJob, NamedJob } from './fleet-job.js';
export { ShardError, ShardFolder, type ShardManifest } from './shard-folder.js';
export { jobId, jobPicture, type Pictured, type ShardJob, shardPictures } from './shard-job.js';
export type { DrawnShard, FinishedJob, ShardWork } from './shard-work.js';
