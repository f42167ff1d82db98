import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { GraphBuilder } from '../graph/graph-builder.js';
import {
  type LayerContext,
  layerNorm,
  matrix,
  projection,
  transformerStack,
  vector,
} from '../graph/transformer-block.js';
import type { LightgenConfig } from './lightgen-config.js';

/**
 * What depends on the prompt alone: `features` [B, T, Ct] → `memory` [B, 2·depth, T, D], keys and values of each block of
 * the cross-attention stage, and, on the way there, `projected` and `aligned` [B, T, D].
 *
 * Rows of padding take part like all others, as in the published code.
 */
export function textGraph(config: LightgenConfig, checkpoint: Checkpoint): GraphBuilder {
  const { text, aligner, cross, epsilon } = config;
  const { width } = cross;
  const graph = new GraphBuilder('text');
  const context: LayerContext = { graph, checkpoint, epsilon };
  const features = graph.input('features', 'float32', ['B', 'T', text.width]);

  const first = 'text_emb.text_proj.linear_1';
  // The tanh form of GELU, here alone.
  const hidden = graph.op('FastGelu', [
    graph.op('MatMul', [features, matrix(context, `${first}.weight`, text.width, width)]),
    vector(context, `${first}.bias`, width),
  ]);
  const projected = projection(context, 'text_emb.text_proj.linear_2', hidden, width, width);
  const stem = 'text_emb.text_aligner';
  const norm = 'text_emb.text_aligner_norm';
  const begun = layerNorm(context, aligner.depth > 0 ? `${stem}.0.norm1` : norm, projected, width);
  const stream = { residual: projected, normed: begun };
  const aligned = transformerStack(context, stem, aligner, stream, norm);

  const memory = Array.from({ length: cross.depth }, (_, index) => {
    const block = `cross_attn_blocks.${index}`;
    const rows = layerNorm(context, `${block}.normkv`, aligned, width);
    const part = (name: 'k' | 'v', from: number) =>
      graph.op('MatMul', [
        rows,
        graph.weight(
          checkpoint.transposed(
            `${block}.attn.kv.weight`,
            width,
            [from, from + width],
            `${block}.attn.${name}.weight`,
          ),
        ),
      ]);
    const bias = graph.weight({
      name: `${block}.attn.v.bias`,
      shape: [width],
      load: () => checkpoint.read(`${block}.attn.kv.bias`, [width, 2 * width]),
    });
    // Keys need no bias: see `attention`.
    return [part('k', 0), graph.op('Add', [part('v', width), bias])];
  });
  const stacked = memory.flat().map((rows) => graph.op('Unsqueeze', [rows, graph.int64(1)]));
  graph.output('projected', projected, 'float32', ['B', 'T', width]);
  graph.output('aligned', aligned, 'float32', ['B', 'T', width]);
  graph.output('memory', graph.op('Concat', stacked, { axis: { int: 1 } }), 'float32', [
    'B',
    2 * cross.depth,
    'T',
    width,
  ]);
  return graph;
}
