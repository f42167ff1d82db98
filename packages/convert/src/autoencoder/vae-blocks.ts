import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { attention } from '../graph/attention.js';
import type { GraphBuilder, Value } from '../graph/graph-builder.js';
import { silu } from '../mar/embed-graph.js';
import type { VaeConfig } from './vae-config.js';
import type { VaeLayer } from './vae-layers.js';

/** Adds layers of one autoencoder to one graph. */
export interface VaeContext {
  readonly graph: GraphBuilder;
  readonly checkpoint: Checkpoint;
  readonly config: VaeConfig;
}

/** Adds a layer after `x`, [B, width, h, w]. */
export function addLayer(context: VaeContext, layer: VaeLayer, x: Value): Value {
  const { graph } = context;
  switch (layer.kind) {
    case 'convolution':
      return convolve(context, layer.key, x, layer.from, layer.to, 3);
    case 'residual':
      return residual(context, layer, x);
    case 'attention':
      return attentionBlock(context, layer, x);
    case 'norm':
      return silu(graph, groupNorm(context, layer.key, x, layer.width));
    case 'upsample': {
      const larger = graph.op('Resize', [x, undefined, graph.floats(Float32Array.of(1, 1, 2, 2))], {
        mode: { string: 'nearest' },
        coordinate_transformation_mode: { string: 'asymmetric' },
        nearest_mode: { string: 'floor' },
      });
      return convolve(context, layer.key, larger, layer.width, layer.width, 3);
    }
    case 'downsample':
      // Padded on the right and at the bottom only.
      return graph.op(
        'Conv',
        [x, ...kernel(context, layer.key, layer.width, layer.width, 3)],
        convolution(3, 2, [0, 0, 1, 1]),
      );
  }
}

/** x + conv2(silu(norm2(conv1(silu(norm1 x))))), with a 1×1 convolution of x where the width changes. */
function residual(
  context: VaeContext,
  { key, from, to }: { key: string; from: number; to: number },
  x: Value,
): Value {
  const { graph } = context;
  let h = silu(graph, groupNorm(context, `${key}.norm1`, x, from));
  h = convolve(context, `${key}.conv1`, h, from, to, 3);
  h = silu(graph, groupNorm(context, `${key}.norm2`, h, to));
  h = convolve(context, `${key}.conv2`, h, to, to, 3);
  const shortcut = from === to ? x : convolve(context, `${key}.nin_shortcut`, x, from, to, 1);
  return graph.op('Add', [shortcut, h]);
}

/** x + proj_out(attention(norm x)), with a single head over all cells. */
function attentionBlock(
  context: VaeContext,
  { key, width }: { key: string; width: number },
  x: Value,
): Value {
  const { graph, checkpoint } = context;
  const normed = groupNorm(context, `${key}.norm`, x, width);
  const cells = graph.op('Transpose', [graph.op('Reshape', [normed, graph.int64(0, 0, -1)])], {
    perm: { ints: [0, 2, 1] },
  });
  const project = (part: string, rows: Value): Value =>
    graph.op('MatMul', [
      rows,
      graph.weight({
        ...checkpoint.transposed(`${key}.${part}.weight`, width, [0, width]),
        atLeast: 'fp16',
      }),
    ]);
  const addBias = (part: string, rows: Value): Value =>
    graph.op('Add', [rows, graph.weight(checkpoint.tensor(`${key}.${part}.bias`, [width]))]);
  const mixed = attention(
    graph,
    {
      query: addBias('q', project('q', cells)),
      key: project('k', cells),
      value: addBias('v', project('v', cells)),
    },
    { width, heads: 1 },
  );
  const projected = addBias('proj_out', project('proj_out', mixed));
  const spread = graph.op('Reshape', [
    graph.op('Transpose', [projected], { perm: { ints: [0, 2, 1] } }),
    graph.op('Shape', [x]),
  ]);
  return graph.op('Add', [x, spread]);
}

/** Group normalisation: an instance normalisation with a group's channels laid end to end. */
function groupNorm({ graph, checkpoint, config }: VaeContext, key: string, x: Value, width: number): Value {
  const { groups, epsilon } = config;
  const normed = graph.op(
    'InstanceNormalization',
    [
      graph.op('Reshape', [x, graph.int64(0, groups, -1)]),
      graph.floats(new Float32Array(groups).fill(1)),
      graph.floats(new Float32Array(groups)),
    ],
    { epsilon: { float: epsilon } },
  );
  const restored = graph.op('Reshape', [normed, graph.op('Shape', [x])]);
  const scaled = graph.op('Mul', [restored, channels({ graph, checkpoint }, `${key}.weight`, width)]);
  return graph.op('Add', [scaled, channels({ graph, checkpoint }, `${key}.bias`, width)]);
}

/**
 * A vector of the checkpoint as [width, 1, 1], to go with the channels of an image. By that shape it is stored in fp16 where
 * that is asked for, as the kernels are.
 */
function channels(
  { graph, checkpoint }: Pick<VaeContext, 'graph' | 'checkpoint'>,
  key: string,
  width: number,
): Value {
  return graph.weight(checkpoint.tensor(key, [width, 1, 1]));
}

/** A convolution that keeps height and width. */
export function convolve(
  context: VaeContext,
  key: string,
  x: Value,
  from: number,
  to: number,
  side: 1 | 3,
): Value {
  const padding = (side - 1) / 2;
  return context.graph.op(
    'Conv',
    [x, ...kernel(context, key, from, to, side)],
    convolution(side, 1, [padding, padding, padding, padding]),
  );
}

function kernel(
  { graph, checkpoint }: VaeContext,
  key: string,
  from: number,
  to: number,
  side: number,
): Value[] {
  return [
    graph.weight(checkpoint.tensor(`${key}.weight`, [to, from, side, side])),
    graph.weight(checkpoint.tensor(`${key}.bias`, [to])),
  ];
}

/** All of a convolution's attributes: not every runtime has the same defaults. */
export const convolution = (side: number, stride: number, pads: readonly number[]) => ({
  kernel_shape: { ints: [side, side] },
  strides: { ints: [stride, stride] },
  pads: { ints: pads },
  dilations: { ints: [1, 1] },
  group: { int: 1 },
});
