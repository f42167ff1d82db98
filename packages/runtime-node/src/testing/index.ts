export {
  breakOffOnce,
  FOREIGN_HABITS,
  HARMLESS_HABITS,
  type HttpHabit,
  plainly,
  RESUMING_HABITS,
} from './http-habits.js';
export {
  commitOf,
  type HubServer,
  type HubServerFile,
  type HubServerRepositories,
  hubServer,
} from './hub-server.js';
