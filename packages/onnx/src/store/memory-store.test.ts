import { describeModelStore } from '../testing/describe-model-store.js';
import { memoryStore } from './memory-store.js';

describeModelStore('memory', () => {
  const store = memoryStore();
  return { open: () => store };
});
