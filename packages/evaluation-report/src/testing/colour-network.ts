import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GraphBuilder, saveGraph } from '@tessera/convert';
import type { NetworkDescription } from '@tessera/evaluate';

const CHANNELS = 3;

/**
 * Writes a feature network into a folder: a picture of `side` pixels has its mean colour as features. It measures in
 * milliseconds what the feature network, of 128 features, takes seconds for.
 */
export async function writeColourNetwork(folder: string, side: number): Promise<void> {
  await mkdir(folder, { recursive: true });
  const graph = new GraphBuilder('colour');
  const image = graph.input('image', 'float32', ['B', CHANNELS, side, side]);
  const mean = graph.op('ReduceMean', [image, graph.int64(2, 3)], { keepdims: { int: 0 } });
  graph.output('features', mean, 'float32', ['B', CHANNELS]);
  await saveGraph(graph, join(folder, 'network.onnx'), { storage: 'fp32' });
  const description: NetworkDescription = {
    name: 'mean colour',
    input: { name: 'image', width: side, height: side, layout: 'nchw', mean: [0, 0, 0], std: [1, 1, 1] },
    features: { output: 'features', width: CHANNELS },
  };
  await writeFile(join(folder, 'network.json'), JSON.stringify(description));
}
