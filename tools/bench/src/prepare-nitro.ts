import type { StorageType } from '@tessera/format';
import { makeNitroModel } from './nitro-model.js';

const [model, cacheFolder, dtype] = process.argv.slice(2);
console.log(JSON.stringify(await makeNitroModel(model!, cacheFolder!, dtype as StorageType)));
