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
 * Strips of rows in which the finest level is computed; each coarser level of convolutions alone has half as many. At 512×512
 * pixels four leave a tenth of the level's rows computed twice, and a value of it takes 37 MB instead of 134.
 */
const STRIPS = 4;

/**
 * The decoder of a deep-compression autoencoder (arXiv 2410.10733): `latents` [B, Cv, h, w], already divided by the latent
 * scale → `image` [B, 3, H, W] in about [−1, 1].
 *
 * Levels of convolutions alone are computed in strips of rows, one after the other, each with as many rows around it as its
 * convolutions reach: what comes out is what one piece gives. Attention sees whole levels; those are the coarse ones.
 *
 * @param strips of the finest level
 * @throws CheckpointKeysError if the checkpoint's tensors are not those that `config` asks for
 */
export function dcAeDecoderGraph(config: DcAeConfig, checkpoint: Checkpoint, strips = STRIPS): GraphBuilder {
  checkpoint.assertKeys(dcAeKeys(config));
  const { latentChannels, layers, widths } = config;
  const graph = new GraphBuilder('decoder');
  const context: DcAeContext = { graph, checkpoint, config };
  const latents = graph.input('latents', 'float32', ['B', latentChannels, 'h', 'w']);
  let x = graph.op('Add', [
    convolve(context, 'decoder.conv_in', latents),
    repeatChannels(graph, latents, latentChannels, widths[0] / latentChannels),
  ]);
  const levels = levelsOf(layers);
  for (const [index, level] of levels.entries()) {
    const isLast = index === levels.length - 1;
    const { key, to } = level.at(-1)!;
    const count = Math.floor(strips / 2 ** (levels.length - 1 - index));
    if (count < 2 || level.some(({ kind }) => kind === 'efficient-vit')) {
      for (const layer of level) {
        x = addLayer(context, layer, x);
        graph.mark(layer.key, x, ['B', layer.to, 'H', 'W']);
      }
      if (isLast) x = imageOf(context, x);
      continue;
    }
    const parts = stripsOf(graph, level, x, { count, isLast });
    const made = parts.map((part) =>
      level.reduce((rows, layer) => addLayer(context, layer, rows), part.rows),
    );
    const whole = (each: readonly Value[]): Value =>
      graph.op(
        'Concat',
        each.map((rows, strip) => parts[strip]!.cropped(rows)),
        { axis: { int: 2 } },
      );
    graph.mark(key, () => whole(made), ['B', to, 'H', 'W']);
    x = whole(isLast ? made.map((rows) => imageOf(context, rows)) : made);
  }
  graph.output('image', x, 'float32', ['B', 3, 'H', 'W']);
  return graph;
}

/** The layers of each level, in the order of computation. */
function levelsOf(layers: readonly DcAeLayer[]): DcAeLayer[][] {
  const levels: DcAeLayer[][] = [[]];
  for (const layer of layers) {
    if (layer.kind === 'upsample') levels.push([]);
    levels.at(-1)!.push(layer);
  }
  return levels.filter((level) => level.length > 0);
}

/** The picture, from rows of the finest level. */
function imageOf(context: DcAeContext, x: Value): Value {
  const normed = context.graph.op('Relu', [channelNorm(context, 'decoder.norm_out', x)]);
  return convolve(context, 'decoder.conv_out', normed);
}

interface Strip {
  /** Its rows of what the level takes, and those around it that its convolutions reach. */
  readonly rows: Value;
  /** What the level makes of them, without what was around. */
  cropped(made: Value): Value;
}

/** What a level takes, x [B, C, h, w], in `count` strips of rows. */
function stripsOf(
  graph: GraphBuilder,
  level: readonly DcAeLayer[],
  x: Value,
  { count, isLast }: { readonly count: number; readonly isLast: boolean },
): Strip[] {
  const factor = level[0]!.kind === 'upsample' ? 2 : 1;
  // Convolutions of 3×3: one where the level begins with upsampling, two a residual block, one to the picture.
  const reach = level.reduce((sum, { kind }) => sum + (kind === 'upsample' ? 1 : 2), isLast ? 1 : 0);
  const around = graph.int64(Math.ceil(reach / factor));
  const height = graph.extent(x, 2);
  const border = (index: number): Value =>
    graph.op('Div', [graph.op('Mul', [height, graph.int64(index)]), graph.int64(count)]);
  const rowsOf = (value: Value, from: Value, to: Value): Value =>
    graph.op('Slice', [value, from, to, graph.int64(2)]);
  return Array.from({ length: count }, (_, index) => {
    const [from, to] = [border(index), border(index + 1)];
    const first = graph.op('Max', [graph.op('Sub', [from, around]), graph.int64(0)]);
    const last = graph.op('Min', [graph.op('Add', [to, around]), height]);
    const made = (row: Value): Value => graph.op('Mul', [graph.op('Sub', [row, first]), graph.int64(factor)]);
    return {
      rows: rowsOf(x, first, last),
      cropped: (value) => rowsOf(value, made(from), made(to)),
    };
  });
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
