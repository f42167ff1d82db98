import { recordReferenceSample } from '@tessera/onnx';
import { loadModel } from '@tessera/runtime-node';
import { estimate } from './estimate.js';
import { measure } from './measure.js';
import type { Cell } from './speed-table.js';
import { transformerSizes } from './transformer-sizes.js';
import { variantsNamed } from './variants.js';

// One measurement in a process of its own, so that its peak memory is its own: `[folder, policy, batch, threads, part, limit]` in,
// one line of JSON out. Without a policy, what the model makes of fixed inputs.

const [folder = '', policy = '', batch = '1', threads = '1', part = '0', limit = '0'] = process.argv.slice(2);
const began = performance.now();
const model = await loadModel(folder, { device: 'cpu', threads: Number(threads) });
const loading = performance.now() - began;
if (policy === '') {
  const { z, tokens } = await recordReferenceSample(model);
  console.log(JSON.stringify({ z, tokens }));
} else {
  const sizes = await transformerSizes(folder, model.manifest, model.dtype);
  const [variant] = variantsNamed([policy]);
  const drawing = { seed: 1, batch: Number(batch) };
  const estimated = await estimate(model, sizes, variant!, { ...drawing, budget: 1000 * Number(part) });
  const isShort = estimated.wall <= 1000 * Number(limit);
  const measured = isShort ? await measure(model, sizes, variant!, drawing) : undefined;
  const peakMemory = process.resourceUsage().maxRSS * 1024;
  const cell: Cell = { estimated, ...(measured ? { measured } : {}), loading, peakMemory };
  console.log(JSON.stringify(cell));
}
await model.dispose();
