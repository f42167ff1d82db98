export type { ConnectOptions } from './connect-to-redis.js';
export { Fleet, type FleetJobStatus, type SubmitOptions, type Submitted } from './fleet.js';
export type { WorkOptions } from './fleet-worker.js';
