export { describeModelStore, type OpenStore } from './describe-model-store.js';
