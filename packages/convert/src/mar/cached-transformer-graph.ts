import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { GraphBuilder, type Value } from '../graph/graph-builder.js';
import { ELEMENT_TYPES } from '../graph/onnx-writer.js';
import {
  addAndNormalise,
  attendingBlock,
  type KeysAndValues,
  keysAndValues,
  type LayerContext,
  layerNorm,
  projection,
  type Stream,
  transformerBlock,
  withQkvBias,
} from '../graph/transformer-block.js';
import type { MarConfig } from './mar-config.js';
import { encoderInput, sequenceRows, table } from './transformer-graph.js';

/**
 * The transformer with LazyMAR's caches (arXiv 2503.12450): `condition` on rows whose keys and values are partly those of
 * earlier steps. N = buffer + L decoder rows, the buffer first, then the grid.
 *
 * In: `tokens` [B, P, C] and `previous` [B, P], the tokens decoded since the step before and their positions; `labels` [B];
 * `targets` [B, T], positions; `places` [B, N], where each decoder row lies among [V + P known | buffer | mask], counted
 * through the batch; `forced` [B, F] and `others` [B, O], decoder rows besides the targets, which are kept, and of which
 * the `kept` [1] that changed most are; `residual` [B, T, D], what guidance adds before the last norm.
 * Out: `z` [2B, T, D], conditional rows, then unconditional ones; `features` [B, T, D], rows before the last norm;
 * `scores` [B, N], the likeness of each row's values in block c to the step before; `rows` [B, T + F + kept], the kept rows.
 *
 * Caches go in under their names and come out with `.next` behind. Per encoder block `encoder.I.key` and `.value` [B, V, E], of
 * tokens alone: the buffer's rows are computed at each step. `known` [B, V, D], the tokens' rows as the decoder takes them.
 * `decoder.c.value`, and `decoder.I.key` and `.value` of each block I > c, [B, N, D].
 *
 * A refresh is the case V = 0, P = all known, F = all rows.
 *
 * @param cut c: the decoder block after whose attention rows are dropped, from 0
 */
export function cachedTransformerGraph(config: MarConfig, checkpoint: Checkpoint, cut: number): GraphBuilder {
  const { grid, buffer, decoder } = config;
  const length = grid.height * grid.width;
  const graph = new GraphBuilder('transformer-cached');
  const context: LayerContext = { graph, checkpoint, epsilon: config.epsilon };
  const tokens = graph.input('tokens', 'float32', ['B', 'P', grid.channels]);
  const previous = graph.input('previous', 'int32', ['B', 'P']);
  const labels = graph.input('labels', 'int32', ['B']);
  const targets = graph.input('targets', 'int32', ['B', 'T']);
  const residual = graph.input('residual', 'float32', ['B', 'T', decoder.width]);

  const batch = graph.extent(labels, 0);
  const rows = sequenceRows(graph, previous, batch, buffer);
  const encoded = cachedEncoder(context, config, { tokens, labels, batch, rows });
  const input = decoderInput(context, config, encoded);
  const last = cachedDecoder(context, config, { input, batch, targets }, cut);

  const embedding = graph.op('Gather', [
    table(context, 'diffusion_pos_embed_learned', length, decoder.width),
    targets,
  ]);
  const guided = layerNorm(
    context,
    'decoder_norm',
    graph.op('Add', [last.residual, residual]),
    decoder.width,
  );
  const z = [last.normed, guided].map((half) => graph.op('Add', [half, embedding]));
  graph.output('z', graph.op('Concat', z, { axis: { int: 0 } }), 'float32', ['2B', 'T', decoder.width]);
  graph.output('features', last.residual, 'float32', ['B', 'T', decoder.width]);
  return graph;
}

/** The key of the norm after a block of a stack. */
function nextNorm(side: 'encoder' | 'decoder', config: MarConfig, block: number): string {
  return block + 1 < config[side].depth ? `${side}_blocks.${block + 1}.norm1` : `${side}_norm`;
}

function cachedEncoder(
  context: LayerContext,
  config: MarConfig,
  inputs: Record<'tokens' | 'labels' | 'batch' | 'rows', Value>,
): Value {
  const { graph } = context;
  const { buffer, encoder: stack } = config;
  let stream = encoderInput(context, config, inputs);
  for (let block = 0; block < stack.depth; block++) {
    const name = `encoder_blocks.${block}`;
    const fresh = keysAndValues(context, name, stack.width, stream.normed);
    const seen = (part: keyof KeysAndValues): Value => {
      const known = grown(graph, `encoder.${block}.${part}`, fresh[part], buffer, stack.width);
      return graph.op('Concat', [known, rowRange(graph, fresh[part], 0, buffer)], { axis: { int: 1 } });
    };
    const all = { key: seen('key'), value: seen('value') };
    stream = attendingBlock(context, name, stack, stream, all, nextNorm('encoder', config, block));
  }
  return stream.normed;
}

/** A cache of tokens' rows with those of `fresh` [B, buffer + P, width] behind it. */
function grown(graph: GraphBuilder, name: string, fresh: Value, buffer: number, width: number): Value {
  const cache = graph.input(name, 'float32', ['B', 'V', width]);
  const own = rowRange(graph, fresh, buffer, Number.MAX_SAFE_INTEGER);
  const known = graph.op('Concat', [cache, own], { axis: { int: 1 } });
  graph.output(`${name}.next`, known, 'float32', ['B', 'V + P', width]);
  return known;
}

const rowRange = (graph: GraphBuilder, rows: Value, from: number, to: number): Value =>
  graph.op('Slice', [rows, graph.int64(from), graph.int64(to), graph.int64(1)]);

/** All N rows in their order, with their positions. */
function decoderInput(context: LayerContext, config: MarConfig, encoded: Value): Stream {
  const { graph, checkpoint } = context;
  const { grid, buffer, decoder } = config;
  const { width } = decoder;
  const count = buffer + grid.height * grid.width;
  const places = graph.input('places', 'int32', ['B', count]);
  const fresh = projection(context, 'decoder_embed', encoded, config.encoder.width, width, 'fp16');
  const known = grown(graph, 'known', fresh, buffer, width);
  const mask = graph.op('Expand', [
    graph.weight(checkpoint.tensor('mask_token', [width])),
    graph.op('Concat', [graph.extent(encoded, 0), graph.int64(1, width)], { axis: { int: 0 } }),
  ]);
  const all = graph.op('Concat', [known, rowRange(graph, fresh, 0, buffer), mask], { axis: { int: 1 } });
  return addAndNormalise(context, {
    input: graph.op('Gather', [graph.op('Reshape', [all, graph.int64(-1, width)]), places]),
    skip: table(context, 'decoder_pos_embed_learned', count, width),
    norm: 'decoder_blocks.0.norm1',
    width,
  });
}

function cachedDecoder(
  context: LayerContext,
  config: MarConfig,
  { input, batch, targets }: { input: Stream; batch: Value; targets: Value },
  cut: number,
): Stream {
  const { graph } = context;
  const { buffer, decoder: stack } = config;
  const { width, depth } = stack;
  const name = (block: number): string => `decoder_blocks.${block}`;
  let stream = input;
  for (let block = 0; block < cut; block++)
    stream = transformerBlock(context, name(block), stack, stream, nextNorm('decoder', config, block));

  const fresh = keysAndValues(context, name(cut), width, stream.normed);
  const scores = likeness(context, config, cut, fresh.value);
  const wanted = graph.op('Add', [targets, graph.int32([buffer])]);
  const kept = graph.op('Concat', [wide(graph, wanted), ...keptRows(graph, scores)], { axis: { int: 1 } });
  const rowsOf = (rows: Value): Value =>
    graph.op('GatherND', [rows, graph.op('Unsqueeze', [kept, graph.int64(-1)])], { batch_dims: { int: 1 } });
  const some = { residual: rowsOf(stream.residual), normed: rowsOf(stream.normed) };
  stream = attendingBlock(context, name(cut), stack, some, fresh, nextNorm('decoder', config, cut));

  const places = batchPlaces(graph, kept, batch);
  const count = buffer + config.grid.height * config.grid.width;
  const targetRows = (rows: Value): Value =>
    graph.op('Slice', [rows, graph.int64(0), graph.extent(targets, 1), graph.int64(1)]);
  for (let block = cut + 1; block < depth; block++) {
    const own = keysAndValues(context, name(block), width, stream.normed);
    const update = (part: keyof KeysAndValues): Value => {
      const cache = graph.input(`decoder.${block}.${part}`, 'float32', ['B', count, width]);
      const next = graph.op('ScatterND', [cache, places, own[part]]);
      graph.output(`${cache}.next`, next, 'float32', ['B', count, width]);
      return next;
    };
    const seen = { key: update('key'), value: update('value') };
    const queries =
      block + 1 === depth
        ? { residual: targetRows(stream.residual), normed: targetRows(stream.normed) }
        : stream;
    stream = attendingBlock(context, name(block), stack, queries, seen, nextNorm('decoder', config, block));
  }
  graph.output('rows', graph.op('Cast', [kept], { to: { int: ELEMENT_TYPES.int32 } }), 'int32', ['B', 'n']);
  if (cut + 1 < depth) return stream;
  return { residual: targetRows(stream.residual), normed: targetRows(stream.normed) };
}

/** How like each row's values in block c are to those of the step before: the mean over heads of their cosines, [B, N]. */
function likeness(context: LayerContext, config: MarConfig, cut: number, fresh: Value): Value {
  const { graph } = context;
  const { width, heads } = config.decoder;
  const count = config.buffer + config.grid.height * config.grid.width;
  const cache = graph.input(`decoder.${cut}.value`, 'float32', ['B', count, width]);
  const [now, before] = [fresh, cache].map((values) =>
    graph.op('Reshape', [
      withQkvBias(context, `decoder_blocks.${cut}`, width, 'v', values),
      graph.int64(0, 0, heads, width / heads),
    ]),
  ) as [Value, Value];
  const sum = (type: string, values: Value): Value =>
    graph.op(type, [values, graph.int64(-1)], { keepdims: { int: 0 } });
  const norms = graph.op('Mul', [sum('ReduceL2', now), sum('ReduceL2', before)]);
  const cosines = graph.op('Div', [
    sum('ReduceSum', graph.op('Mul', [now, before])),
    graph.op('Max', [norms, graph.floats(Float32Array.of(1e-8), [])]),
  ]);
  const scores = sum('ReduceMean', cosines);
  graph.output('scores', scores, 'float32', ['B', count]);
  graph.output(`${cache}.next`, fresh, 'float32', ['B', count, width]);
  return scores;
}

/** The rows besides the targets, int64: the forced ones, then those of the others that changed most. Ties: the lower row. */
function keptRows(graph: GraphBuilder, scores: Value): [forced: Value, chosen: Value] {
  const forced = graph.input('forced', 'int32', ['B', 'F']);
  const others = wide(graph, graph.input('others', 'int32', ['B', 'O']));
  const count = wide(graph, graph.input('kept', 'int32', [1]));
  const theirs = graph.op('GatherElements', [scores, others], { axis: { int: 1 } });
  // TopK's second output; the first, the scores themselves, has no use.
  const order = graph.op('TopK', [theirs, count], { axis: { int: 1 }, largest: { int: 0 } }, 1);
  return [wide(graph, forced), graph.op('GatherElements', [others, order], { axis: { int: 1 } })];
}

const wide = (graph: GraphBuilder, value: Value): Value =>
  graph.op('Cast', [value], { to: { int: ELEMENT_TYPES.int64 } });

/** `rows` [B, n] as ScatterND takes them, [B, n, 2]. */
function batchPlaces(graph: GraphBuilder, rows: Value, batch: Value): Value {
  const scalar = (value: Value): Value => graph.op('Squeeze', [value]);
  const images = graph.op('Range', [scalar(graph.int64(0)), scalar(batch), scalar(graph.int64(1))]);
  const pair = [
    graph.op('Expand', [graph.op('Unsqueeze', [images, graph.int64(-1)]), graph.op('Shape', [rows])]),
    rows,
  ];
  return graph.op(
    'Concat',
    pair.map((index) => graph.op('Unsqueeze', [index, graph.int64(-1)])),
    { axis: { int: -1 } },
  );
}
