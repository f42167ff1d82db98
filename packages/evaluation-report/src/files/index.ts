export { LockedError, takeLock } from './lock-file.js';
export { isRgbPng, readPng, writePng } from './png-file.js';
export { writeJson, writeWhole } from './written-file.js';
