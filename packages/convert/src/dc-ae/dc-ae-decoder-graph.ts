import { convolution } from '../autoencoder/vae-blocks.js';
import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { GraphBuilder, type Value } from '../graph/graph-builder.js';
import { silu } from '../mar/embed-graph.js';
import type { DcAeConfig, DcAeLayer } from './dc-ae-config.js';
import { dcAeKeys } from './dc-ae-keys.js';

interface DcAeContext {
  readonly graph: GraphBuilder;
  readonly checkpoint: Checkpoint;
  readonly config: DcAeConfig;
}

/**
 * The decoder of a deep-compression autoencoder (arXiv 2410.10733): `latents` [B, Cv, h, w], already divided by the latent
 * scale → `image` [B, 3, H, W] in about [−1, 1].
 *
 * @throws CheckpointKeysError if the checkpoint's tensors are not those that `config` asks for
 */
export function dcAeDecoderGraph(config: DcAeConfig, checkpoint: Checkpoint): GraphBuilder {
  checkpoint.assertKeys(dcAeKeys(config));
  const { latentChannels, layers, widths } = config;
  const graph = new GraphBuilder('decoder');
  const context: DcAeContext = { graph, checkpoint, config };
  const latents = graph.input('latents', 'float32', ['B', latentChannels, 'h', 'w']);
  let x = graph.op('Add', [
    convolve(context, 'decoder.conv_in', latents),
    repeatChannels(graph, latents, latentChannels, widths[0] / latentChannels),
  ]);
  for (const layer of layers) {
    x = addLayer(context, layer, x);
    graph.mark(layer.key, x, ['B', layer.to, 'H', 'W']);
  }
  const normed = channelNorm(context, 'decoder.norm_out', x);
  graph.output('image', convolve(context, 'decoder.conv_out', graph.op('Relu', [normed])), 'float32', [
    'B',
    3,
    'H',
    'W',
  ]);
  return graph;
}

function addLayer(context: DcAeContext, layer: DcAeLayer, x: Value): Value {
  const { graph } = context;
  const { key, kind } = layer;
  if (kind === 'upsample') return upsample(context, layer, x);
  if (kind === 'efficient-vit') return convolutionPart(context, key, attentionPart(context, layer, x));
  const inner = silu(graph, convolve(context, `${key}.conv1`, x));
  return graph.op('Add', [x, channelNorm(context, `${key}.norm`, convolve(context, `${key}.conv2`, inner))]);
}

/** A convolution of twice the size, plus the channels themselves, spread over 2×2 cells. */
function upsample(context: DcAeContext, { key, from, to }: DcAeLayer, x: Value): Value {
  const { graph } = context;
  const larger = graph.op('Resize', [x, undefined, graph.floats(Float32Array.of(1, 1, 2, 2))], {
    mode: { string: 'nearest' },
    coordinate_transformation_mode: { string: 'asymmetric' },
    nearest_mode: { string: 'floor' },
  });
  const shortcut = graph.op('DepthToSpace', [repeatChannels(graph, x, from, (4 * to) / from)], {
    blocksize: { int: 2 },
    mode: { string: 'CRD' },
  });
  return graph.op('Add', [convolve(context, `${key}.conv`, larger), shortcut]);
}

/** x + norm(linear attention), on the channels and on convolutions of them, a set of heads each. */
function attentionPart(context: DcAeContext, { key, to: width }: DcAeLayer, x: Value): Value {
  const { graph, checkpoint, config } = context;
  const { headSize, scales } = config;
  const names = ['to_q', 'to_k', 'to_v'].map((name) => `${key}.attn.${name}.weight`);
  const joined = graph.weight({
    name: `${key}.attn.to_qkv.weight`,
    shape: [3 * width, width, 1, 1],
    load: async () => {
      const all = new Float32Array(3 * width * width);
      for (const [part, name] of names.entries()) all.set(await checkpoint.read(name), part * width * width);
      return all;
    },
  });
  const own = graph.op('Conv', [x, joined], convolution(1, 1, [0, 0, 0, 0]));
  const sets = scales.map((_, index) => {
    const scale = `${key}.attn.to_qkv_multiscale.${index}`;
    const spread = convolve(context, `${scale}.proj_in`, own, 3 * width);
    return convolve(context, `${scale}.proj_out`, spread, (3 * width) / headSize);
  });
  // Heads are consecutive pieces of all channels, each [q | k | v].
  const heads = ((1 + scales.length) * width) / headSize;
  const pieces = graph.op('Reshape', [
    graph.op('Concat', [own, ...sets], { axis: { int: 1 } }),
    graph.int64(0, heads, 3 * headSize, -1),
  ]);
  const part = (index: number): Value =>
    graph.op('Slice', [
      pieces,
      graph.int64(index * headSize),
      graph.int64((index + 1) * headSize),
      graph.int64(2),
    ]);
  const query = graph.op('Relu', [part(0)]);
  const turnedKey = graph.op('Transpose', [graph.op('Relu', [part(1)])], { perm: { ints: [0, 1, 3, 2] } });
  const products = graph.op('MatMul', [graph.op('MatMul', [part(2), turnedKey]), query]);
  const sums = graph.op('MatMul', [graph.op('ReduceSum', [turnedKey, graph.int64(2)]), query]);
  const least = graph.floats(Float32Array.of(1e-15), []);
  const mixed = graph.op('Div', [products, graph.op('Add', [sums, least])]);
  const size = graph.op('Shape', [x], { start: { int: 2 } });
  const shape = graph.op('Concat', [graph.int64(0, heads * headSize), size], { axis: { int: 0 } });
  const out = graph.op(
    'Conv',
    [
      graph.op('Reshape', [mixed, shape]),
      graph.weight(checkpoint.tensor(`${key}.attn.to_out.weight`, [width, heads * headSize, 1, 1])),
    ],
    convolution(1, 1, [0, 0, 0, 0]),
  );
  const attended = graph.op('Add', [x, channelNorm(context, `${key}.attn.norm_out`, out)]);
  graph.mark(`${key}.attn`, attended, ['B', width, 'H', 'W']);
  return attended;
}

/** x + norm of a gated convolution, channel by channel, between two of a cell alone. */
function convolutionPart(context: DcAeContext, key: string, x: Value): Value {
  const { graph, checkpoint } = context;
  const name = `${key}.conv_out`;
  const [inner = 0] = checkpoint.shape(`${name}.conv_depth.weight`) ?? [];
  const widened = silu(graph, convolve(context, `${name}.conv_inverted`, x));
  const spread = convolve(context, `${name}.conv_depth`, widened, inner);
  const half = (from: number): Value =>
    graph.op('Slice', [spread, graph.int64(from), graph.int64(from + inner / 2), graph.int64(1)]);
  const gated = graph.op('Mul', [half(0), silu(graph, half(inner / 2))]);
  return graph.op('Add', [
    x,
    channelNorm(context, `${name}.norm`, convolve(context, `${name}.conv_point`, gated)),
  ]);
}

/** An RMS norm over the channels of each cell. */
function channelNorm({ graph, checkpoint, config }: DcAeContext, key: string, x: Value): Value {
  const [width = 0] = checkpoint.shape(`${key}.weight`) ?? [];
  const channels = (part: string): Value => graph.weight(checkpoint.tensor(`${key}.${part}`, [width, 1, 1]));
  const squares = graph.op('ReduceMean', [graph.op('Mul', [x, x]), graph.int64(1)]);
  const root = graph.op('Sqrt', [
    graph.op('Add', [squares, graph.floats(Float32Array.of(config.epsilon), [])]),
  ]);
  const normed = graph.op('Mul', [graph.op('Div', [x, root]), channels('weight')]);
  return graph.op('Add', [normed, channels('bias')]);
}

/** Each channel `times` times in a row. */
function repeatChannels(graph: GraphBuilder, x: Value, channels: number, times: number): Value {
  const size = graph.op('Shape', [x], { start: { int: 2 } });
  const shape = (...leading: number[]): Value =>
    graph.op('Concat', [graph.int64(...leading), size], { axis: { int: 0 } });
  const batch = graph.extent(x, 0);
  const apart = graph.op('Unsqueeze', [x, graph.int64(2)]);
  const repeated = graph.op('Expand', [
    apart,
    graph.op('Concat', [batch, shape(channels, times)], { axis: { int: 0 } }),
  ]);
  return graph.op('Reshape', [repeated, shape(0, channels * times)]);
}

/** A convolution that keeps height and width, with a bias if the checkpoint has one. */
function convolve({ graph, checkpoint }: DcAeContext, key: string, x: Value, group = 1): Value {
  const shape = checkpoint.shape(`${key}.weight`) ?? [];
  const [outputs = 0, , side = 1] = shape;
  const padding = (side - 1) / 2;
  const bias = checkpoint.shape(`${key}.bias`)
    ? [graph.weight(checkpoint.tensor(`${key}.bias`, [outputs]))]
    : [];
  return graph.op('Conv', [x, graph.weight(checkpoint.tensor(`${key}.weight`, shape)), ...bias], {
    ...convolution(side, 1, [padding, padding, padding, padding]),
    group: { int: group },
  });
}
