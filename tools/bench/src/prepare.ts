import type { StorageType } from '@tessera/format';
import { makeBenchModel } from './bench-model.js';

const [source, cacheFolder, dtype, cached] = process.argv.slice(2);
await makeBenchModel(source!, cacheFolder!, { dtype: dtype as StorageType, cached: cached === 'cached' });
console.log('{}');
