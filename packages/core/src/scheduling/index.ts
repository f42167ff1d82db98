export {
  type CallOptions,
  QueueFullError,
  Scheduler,
  type SchedulerLoad,
  type SchedulerOptions,
} from './scheduler.js';
