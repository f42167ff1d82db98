export { type Machine, machineText, thisMachine } from './machine.js';
export { describeModel, type ModelInUse } from './model-in-use.js';
export { versions } from './versions.js';
