import type { Checkpoint } from './checkpoint.js';
import { silu } from './embed-graph.js';
import { GraphBuilder, type LazyWeight, type Value } from './graph-builder.js';
import type { VaeConfig } from './vae-config.js';
import { decoderLayers, encoderLayers, type VaeLayer, vaeKeys } from './vae-layers.js';

/** The two graphs of a KL autoencoder. */
export interface VaeGraphSet {
  readonly decoder: GraphBuilder;
  readonly encoder: GraphBuilder;
}

/**
 * Builds the graphs of a KL autoencoder: `decoder` takes `latents` [B, Cv, h, w], already divided by the latent scale,
 * to `image` [B, 3, H, W] in about [−1, 1]; `encoder` takes `image` to `moments` [B, 2Cv, h, w], mean and log variance,
 * the latter not clamped.
 *
 * @throws CheckpointKeysError if the checkpoint's tensors are not those that `config` asks for
 */
export function vaeGraphs(config: VaeConfig, checkpoint: Checkpoint): VaeGraphSet {
  checkpoint.assertKeys(vaeKeys(config));
  return { decoder: decoderGraph(config, checkpoint), encoder: encoderGraph(config, checkpoint) };
}

function decoderGraph(config: VaeConfig, checkpoint: Checkpoint): GraphBuilder {
  const { latentChannels, zChannels, pixelShuffle } = config;
  const graph = new GraphBuilder('decoder');
  const context: VaeContext = { graph, checkpoint, config };
  const latents = graph.input('latents', 'float32', ['B', latentChannels, 'h', 'w']);
  let x = convolve(context, 'post_quant_conv', latents, latentChannels, zChannels, 1);
  for (const layer of decoderLayers(config)) x = addLayer(context, layer, x);
  if (pixelShuffle > 1) {
    x = graph.op('DepthToSpace', [x], { blocksize: { int: pixelShuffle }, mode: { string: 'CRD' } });
  }
  graph.output('image', x, 'float32', ['B', 3, 'H', 'W']);
  return graph;
}

function encoderGraph(config: VaeConfig, checkpoint: Checkpoint): GraphBuilder {
  const { latentChannels, zChannels, pixelShuffle, stem } = config;
  const graph = new GraphBuilder('encoder');
  const context: VaeContext = { graph, checkpoint, config };
  const image = graph.input('image', 'float32', ['B', 3, 'H', 'W']);
  const [first, ...layers] = encoderLayers(config);
  let x = graph.op(
    'Conv',
    [
      image,
      graph.weight(spreadKernel(checkpoint, first!.key, stem, pixelShuffle)),
      graph.weight(checkpoint.tensor(`${first!.key}.bias`, [stem])),
    ],
    convolution(3 * pixelShuffle, pixelShuffle, [pixelShuffle, pixelShuffle, pixelShuffle, pixelShuffle]),
  );
  for (const layer of layers) x = addLayer(context, layer, x);
  const moments = convolve(context, 'quant_conv', x, 2 * zChannels, 2 * latentChannels, 1);
  graph.output('moments', moments, 'float32', ['B', 2 * latentChannels, 'h', 'w']);
  return graph;
}

interface VaeContext {
  readonly graph: GraphBuilder;
  readonly checkpoint: Checkpoint;
  readonly config: VaeConfig;
}

function addLayer(context: VaeContext, layer: VaeLayer, x: Value): Value {
  const { graph } = context;
  switch (layer.kind) {
    case 'convolution':
      return convolve(context, layer.key, x, layer.from, layer.to, 3);
    case 'residual':
      return residual(context, layer, x);
    case 'attention':
      return attention(context, layer, x);
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
function attention(context: VaeContext, { key, width }: { key: string; width: number }, x: Value): Value {
  const { graph, checkpoint } = context;
  const normed = groupNorm(context, `${key}.norm`, x, width);
  const cells = graph.op('Transpose', [graph.op('Reshape', [normed, graph.int64(0, 0, -1)])], {
    perm: { ints: [0, 2, 1] },
  });
  const project = (part: string, rows: Value): Value =>
    graph.op('MatMul', [
      rows,
      graph.weight(checkpoint.transposed(`${key}.${part}.weight`, width, [0, width])),
    ]);
  const mixed = graph.op(
    'MultiHeadAttention',
    [
      project('q', cells),
      project('k', cells),
      project('v', cells),
      graph.weight({
        name: `${key}.qkv.bias`,
        shape: [3 * width],
        load: async () => {
          const bias = new Float32Array(3 * width);
          for (const [index, part] of ['q', 'k', 'v'].entries()) {
            bias.set(await checkpoint.read(`${key}.${part}.bias`), index * width);
          }
          return bias;
        },
      }),
    ],
    { num_heads: { int: 1 } },
  );
  const projected = graph.op('Add', [
    project('proj_out', mixed),
    graph.weight(checkpoint.tensor(`${key}.proj_out.bias`, [width])),
  ]);
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

/** A vector of the checkpoint as [width, 1, 1], to go with the channels of an image. */
function channels(
  { graph, checkpoint }: Pick<VaeContext, 'graph' | 'checkpoint'>,
  key: string,
  width: number,
): Value {
  return graph.weight(checkpoint.tensor(key, [width, 1, 1]));
}

function convolve(context: VaeContext, key: string, x: Value, from: number, to: number, side: 1 | 3): Value {
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
const convolution = (side: number, stride: number, pads: readonly number[]) => ({
  kernel_shape: { ints: [side, side] },
  strides: { ints: [stride, stride] },
  pads: { ints: pads },
  dilations: { ints: [1, 1] },
  group: { int: 1 },
});

/**
 * The kernel [to, 3·p², 3, 3] of a convolution on pixels gathered in p×p blocks, channel (c, row, column), laid out as
 * the kernel [to, 3, 3p, 3p] of the same convolution on the pixels themselves, with stride p.
 */
function spreadKernel(checkpoint: Checkpoint, key: string, to: number, p: number): LazyWeight {
  const side = 3 * p;
  return {
    name: `${key}.weight`,
    shape: [to, 3, side, side],
    load: async () => {
      const gathered = await checkpoint.read(`${key}.weight`);
      if (p === 1) return gathered;
      const spread = new Float32Array(gathered.length);
      let source = 0;
      for (let image = 0; image < to * 3; image++) {
        for (let offset = 0; offset < p * p; offset++) {
          for (let tap = 0; tap < 9; tap++) {
            const row = Math.floor(tap / 3) * p + Math.floor(offset / p);
            const column = (tap % 3) * p + (offset % p);
            spread[(image * side + row) * side + column] = gathered[source++]!;
          }
        }
      }
      return spread;
    },
  };
}
