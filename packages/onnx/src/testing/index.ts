export { describeModelStore, type OpenStore } from './describe-model-store.js';
export { fakeLoadedModel } from './fake-loaded-model.js';
