import { recordReferenceSample } from '@tessera/onnx';
import { loadModel } from '@tessera/runtime-node';
import { measure } from './measure.js';
import { transformerSizes } from './transformer-sizes.js';
import { variantsNamed } from './variants.js';

// One measurement in a process of its own, so that its peak memory is its own: `[folder, policy, batch, threads]` in, one
// line of JSON out. Without a policy, what the model makes of fixed inputs.

const [folder = '', policy = '', batch = '1', threads = '1'] = process.argv.slice(2);
const began = performance.now();
const model = await loadModel(folder, { device: 'cpu', threads: Number(threads) });
const loading = performance.now() - began;
if (policy === '') {
  const { z, tokens } = await recordReferenceSample(model);
  console.log(JSON.stringify({ z, tokens }));
} else {
  const sizes = await transformerSizes(folder, model.manifest, model.dtype);
  const [variant] = variantsNamed([policy]);
  const measured = await measure(model, sizes, variant!, { seed: 1, batch: Number(batch) });
  const peakMemory = process.resourceUsage().maxRSS * 1024;
  console.log(JSON.stringify({ ...measured, loading, peakMemory }));
}
await model.dispose();
