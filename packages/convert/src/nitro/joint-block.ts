import { attention } from '../graph/attention.js';
import type { Value } from '../graph/graph-builder.js';
import {
  geluProjection,
  type LayerContext,
  layerNorm,
  plainLayerNorm,
  projection,
  rmsNorm,
} from '../graph/transformer-block.js';
import { FIRST_NORM_EPSILON, type NitroConfig } from './nitro-config.js';

/** The names that one of the two streams has in a block. */
export interface JointSide {
  readonly norm: string;
  /** Before the MLP; it has weights in the joint variant alone. */
  readonly secondNorm: string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly queryNorm: string;
  readonly keyNorm: string;
  readonly out: string;
  readonly feedForward: string;
}

export const IMAGE_SIDE: JointSide = {
  norm: 'norm1',
  secondNorm: 'norm2',
  query: 'to_q',
  key: 'to_k',
  value: 'to_v',
  queryNorm: 'norm_q',
  keyNorm: 'norm_k',
  out: 'to_out.0',
  feedForward: 'ff',
};

export const TEXT_SIDE: JointSide = {
  norm: 'norm1_context',
  secondNorm: 'norm2_context',
  query: 'add_q_proj',
  key: 'add_k_proj',
  value: 'add_v_proj',
  queryNorm: 'norm_added_q',
  keyNorm: 'norm_added_k',
  out: 'to_add_out',
  feedForward: 'ff_context',
};

/** The two streams of a joint transformer, [B, rows, D] each. */
export interface JointStreams {
  readonly image: Value;
  readonly text: Value;
}

type Sizes = NitroConfig['decoder'];

/** Beyond the end of any axis. */
const END = 2 ** 31 - 1;

/**
 * A block in which image and text attend to both: each stream has projections, norms and an MLP of its own, and one softmax
 * runs over the rows of both, image first.
 *
 * @param rows of the image
 */
export function jointBlock(
  context: LayerContext,
  block: string,
  sizes: Sizes,
  { image, text }: JointStreams,
  rows: number,
): JointStreams {
  const { graph } = context;
  const sides = [
    sideOf(context, block, sizes, IMAGE_SIDE, image),
    sideOf(context, block, sizes, TEXT_SIDE, text),
  ];
  const query = joined(
    context,
    sides.map((side) => side.query()),
  );
  const mixed = attentionOverBoth(context, sizes, sides, query);
  const part = (from: number, to: number): Value =>
    graph.op('Slice', [mixed, graph.int64(from), graph.int64(to), graph.int64(1)]);
  return {
    image: sides[0]!.continued(image, part(0, rows)),
    text: sides[1]!.continued(text, part(rows, END)),
  };
}

/**
 * The last block: nothing of the text goes on, and of the image the rows that are wanted alone.
 *
 * @param wanted takes them, of a stream [B, L, D]
 * @returns their stream
 */
export function lastJointBlock(
  context: LayerContext,
  block: string,
  sizes: Sizes,
  { image, text }: JointStreams,
  wanted: (rows: Value) => Value,
): Value {
  const sides = [
    sideOf(context, block, sizes, IMAGE_SIDE, image),
    sideOf(context, block, sizes, TEXT_SIDE, text),
  ];
  const mixed = attentionOverBoth(context, sizes, sides, sides[0]!.query(wanted));
  return sides[0]!.continued(wanted(image), mixed);
}

/** Attention of `query` [B, n, D] over the rows of both streams, image first. */
function attentionOverBoth(
  context: LayerContext,
  sizes: Sizes,
  sides: readonly ReturnType<typeof sideOf>[],
  query: Value,
): Value {
  const key = joined(
    context,
    sides.map((side) => side.key),
  );
  const value = joined(
    context,
    sides.map((side) => side.value),
  );
  return attention(context.graph, { query, key, value }, sizes);
}

const joined = ({ graph }: LayerContext, parts: readonly Value[]): Value =>
  graph.op('Concat', parts, { axis: { int: 1 } });

/** What one stream brings into a block's attention, and how it goes on with what comes out. */
function sideOf(context: LayerContext, block: string, sizes: Sizes, names: JointSide, stream: Value) {
  const { graph } = context;
  const { width, heads, hidden, norm } = sizes;
  const firstNorm = `${block}.${names.norm}`;
  const normed =
    norm === 'rms'
      ? rmsNorm(context, firstNorm, stream, width)
      : layerNorm({ ...context, epsilon: FIRST_NORM_EPSILON }, firstNorm, stream, width);
  const project = (name: string, rows: Value): Value =>
    projection(context, `${block}.attn.${name}`, rows, width, width);
  /** An RMS norm over each head's values. */
  const headNorm = (name: string, rows: Value): Value => {
    const size = width / heads;
    const apart = graph.op('Reshape', [rows, graph.int64(0, 0, heads, size)]);
    const scaled = rmsNorm(context, `${block}.attn.${name}`, apart, size);
    const result = graph.op('Reshape', [scaled, graph.int64(0, 0, width)]);
    graph.mark(`${block}.${name}`, result, ['B', 'rows', width]);
    return result;
  };
  return {
    query: (wanted: (rows: Value) => Value = (rows) => rows): Value =>
      headNorm(names.queryNorm, project(names.query, wanted(normed))),
    key: headNorm(names.keyNorm, project(names.key, normed)),
    value: project(names.value, normed),
    continued(residual: Value, mixed: Value): Value {
      const out = project(names.out, mixed);
      graph.mark(`${block}.${names.out}`, out, ['B', 'rows', width]);
      const attended = graph.op('Add', [residual, out]);
      const net = `${block}.${names.feedForward}.net`;
      const rows =
        norm === 'rms'
          ? rmsNorm(context, `${block}.${names.secondNorm}`, attended, width)
          : plainLayerNorm(context, attended, width);
      const inner = geluProjection(context, `${net}.0.proj`, rows, width, hidden);
      const after = graph.op('Add', [attended, projection(context, `${net}.2`, inner, hidden, width)]);
      graph.mark(`${block}.${names.feedForward}`, after, ['B', 'rows', width]);
      return after;
    },
  };
}
