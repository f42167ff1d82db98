export { describeModelStore, type OpenStore } from './describe-model-store.js';
export { exampleManifest } from './example-manifest.js';
