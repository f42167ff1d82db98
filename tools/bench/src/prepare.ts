import { makeBenchModel } from './bench-model.js';

const [source, cacheFolder] = process.argv.slice(2);
await makeBenchModel(source!, cacheFolder!);
