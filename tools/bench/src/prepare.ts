import type { StorageType } from '@tessera/format';
import { makeBenchModel } from './bench-model.js';

const [source, cacheFolder, dtype] = process.argv.slice(2);
await makeBenchModel(source!, cacheFolder!, dtype as StorageType);
