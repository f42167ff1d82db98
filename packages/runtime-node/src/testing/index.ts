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
export { TINY_NITRO_SIZES, type TinyNitroFiles, tinyNitroFiles, writeTinyNitro } from './tiny-nitro.js';
