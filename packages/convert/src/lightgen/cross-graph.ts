import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { attention } from '../graph/attention.js';
import { GraphBuilder, type LazyWeight, type Value } from '../graph/graph-builder.js';
import {
  addAndNormalise,
  type LayerContext,
  layerNorm,
  mlp,
  projection,
} from '../graph/transformer-block.js';
import type { LightgenConfig } from './lightgen-config.js';

/**
 * The cross-attention stage: `queries` [B, T, D] of images, `images` [R], which of them each row is of, and `memory`
 * [M, 2·depth, rows, D], the texts that the first M rows read. The other R − M rows read the null text. → `z` [R, T, D], with
 * the rows in the order of `order` [R].
 *
 * A block's residual starts from the normed queries, as in the published code. All rows of the null text are alike, so
 * what attention gives there is one constant a block.
 */
export function crossGraph(config: LightgenConfig, checkpoint: Checkpoint): GraphBuilder {
  const { cross, epsilon } = config;
  const { width, depth, heads } = cross;
  const graph = new GraphBuilder('cross');
  const context: LayerContext = { graph, checkpoint, epsilon };
  const queries = graph.input('queries', 'float32', ['B', 'T', width]);
  const images = graph.input('images', 'int32', ['R']);
  const memory = graph.input('memory', 'float32', ['M', 2 * depth, 'rows', width]);
  const order = graph.input('order', 'int32', ['R']);

  const reading = graph.extent(memory, 0);
  const nullRows = graph.op(
    'Concat',
    [graph.op('Sub', [graph.extent(images, 0), reading]), graph.extent(queries, 1), graph.int64(width)],
    { axis: { int: 0 } },
  );
  const memoryPart = (index: number): Value =>
    graph.op('Squeeze', [
      graph.op('Slice', [memory, graph.int64(index), graph.int64(index + 1), graph.int64(1)]),
      graph.int64(1),
    ]);

  let normed = layerNorm(context, 'cross_attn_blocks.0.normq', graph.op('Gather', [queries, images]), width);
  for (let index = 0; index < depth; index++) {
    const block = `cross_attn_blocks.${index}`;
    const readers = graph.op('Slice', [normed, graph.int64(0), reading, graph.int64(0)]);
    const mixed = attention(
      graph,
      {
        query: projection(context, `${block}.attn.query_linear`, readers, width, width),
        key: memoryPart(2 * index),
        value: memoryPart(2 * index + 1),
      },
      { width, heads },
    );
    const attended = graph.op(
      'Concat',
      [
        projection(context, `${block}.attn.proj`, mixed, width, width),
        graph.op('Expand', [graph.weight(nullAttention(checkpoint, block, config)), nullRows]),
      ],
      { axis: { int: 0 } },
    );
    const stream = addAndNormalise(context, { input: attended, skip: normed, norm: `${block}.norm2`, width });
    const next = index + 1 < depth ? `cross_attn_blocks.${index + 1}.normq` : 'cross_norm';
    normed = mlp(context, block, cross, stream, next).normed;
  }
  graph.output('z', graph.op('Gather', [normed, order]), 'float32', ['R', 'T', width]);
  return graph;
}

/** What a block's attention gives where all rows of the text are `fake_latent`: proj(values(normkv(fake_latent))), [D]. */
function nullAttention(
  checkpoint: Checkpoint,
  block: string,
  { cross: { width }, epsilon }: LightgenConfig,
): LazyWeight {
  const read = (key: string, rows?: readonly [number, number]) => checkpoint.read(`${block}.${key}`, rows);
  const product = (weight: Float32Array, bias: Float32Array, x: ArrayLike<number>): Float64Array =>
    Float64Array.from(bias, (start, row) => {
      let sum = start;
      for (let i = 0; i < width; i++) sum += weight[row * width + i]! * x[i]!;
      return sum;
    });
  return {
    name: `${block}.attn.null`,
    shape: [width],
    load: async () => {
      const text = Float64Array.from(await checkpoint.read('fake_latent'));
      const mean = text.reduce((sum, value) => sum + value, 0) / width;
      const variance = text.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
      const weight = await read('normkv.weight');
      const bias = await read('normkv.bias');
      const deviation = Math.sqrt(variance + epsilon);
      const normed = text.map((value, i) => ((value - mean) / deviation) * weight[i]! + bias[i]!);
      const rows = [width, 2 * width] as const;
      const values = product(await read('attn.kv.weight', rows), await read('attn.kv.bias', rows), normed);
      return Float32Array.from(product(await read('attn.proj.weight'), await read('attn.proj.bias'), values));
    },
  };
}
