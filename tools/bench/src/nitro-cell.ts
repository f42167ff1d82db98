import { generateImages, keyedNoise } from '@tessera/core';
import { proxyModel, type TextFeatures } from '@tessera/core/model';
import { buildSampling, parseSpec, resolveSampling, type TextCondition } from '@tessera/format';
import { recordReferenceSample } from '@tessera/onnx';
import { loadModel } from '@tessera/runtime-node';
import { EMPTY_PICTURE } from './measure.js';
import type { NitroCell, NitroRun } from './nitro-table.js';

// One type of weights in a process of its own: `[folder, rounds, threads, ...specs]` in, one line of JSON out. Each round draws with
// every spec in turn, without its picture, and then decodes one.

const [folder = '', rounds = '1', threads = '1', ...specs] = process.argv.slice(2);
const began = performance.now();
const model = await loadModel(folder, { device: 'cpu', threads: Number(threads) });
const loading = performance.now() - began;
const { length, width } = model.manifest.condition as TextCondition;
const features = (seed: number): TextFeatures => ({
  features: keyedNoise({ seed }).normal(new Float32Array(length * width)),
});
const blind = proxyModel(model, {
  decode: async (grids: readonly unknown[]) => grids.map(() => EMPTY_PICTURE),
});
const input = { prompt: features(1), negativePrompt: features(2) };
const runs: NitroRun[] = [];
const decoding: number[] = [];
const memory = { drawing: 0, decoding: 0 };
const peak = (): number => process.resourceUsage().maxRSS * 1024;
for (let round = 0; round < Number(rounds); round++) {
  let last: Awaited<ReturnType<typeof generateImages>> = [];
  for (const spec of specs) {
    const sampling = buildSampling(resolveSampling(parseSpec(spec), model.manifest.sampling));
    const transformerTime = async () => (await model.runStatistics()).transformer?.milliseconds ?? 0;
    const [before, start] = [await transformerTime(), performance.now()];
    last = await generateImages({ model: blind, requests: [{ seed: round, input }], ...sampling });
    const { steps } = last[0]!;
    runs.push({
      spec,
      wall: performance.now() - start,
      transformer: (await transformerTime()) - before,
      steps: steps.length,
      passes: steps.reduce((sum, { work }) => sum + work.passes, 0),
    });
    if (round === 0) memory.drawing = peak();
  }
  const start = performance.now();
  await model.decode(last.map(({ grid }) => grid));
  decoding.push(performance.now() - start);
  if (round === 0) memory.decoding = peak();
}
const { z, tokens, pixels } = await recordReferenceSample(model);
const cell: NitroCell = { loading, runs, decoding, memory, sample: { z, tokens, pixels } };
console.log(JSON.stringify(cell));
await model.dispose();
