export { describeModelStore, type OpenStore } from './describe-model-store.js';
export { fakeLoadedModel, fakeTextModel } from './fake-loaded-model.js';
