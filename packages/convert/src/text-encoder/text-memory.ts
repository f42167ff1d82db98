import type { KeyShapes } from '../checkpoint/key-shapes.js';
import type { Value } from '../graph/graph-builder.js';
import { type LayerContext, layerNorm, projection } from '../graph/transformer-block.js';
import type { TextMemoryConfig } from './text-encoder-config.js';

/** Adds the tensors of a memory that serves a text encoder of some width. */
export function addMemoryKeys(
  keys: KeyShapes,
  { entries, parts, channels }: TextMemoryConfig,
  width: number,
): void {
  const most = Math.max(...parts);
  keys.set('slot_embedding', [1, parts.length, width]);
  keys.linear('memory_scores', entries, width);
  keys.set('memory.weight', [entries, most * channels]);
  keys.linear('memory_proj', width, channels);
  keys.linear('memory_context', width, width);
  keys.set('part_embedding', [1, most, width]);
  keys.set('memory_slot_embedding', [1, parts.length, width]);
  keys.norm('memory_norm', width);
}

/** The slots' embeddings, [B, slots, width]: rows that read a prompt beside its tokens. */
export function slotRows(
  { graph, checkpoint }: LayerContext,
  slots: number,
  width: number,
  batch: Value,
): Value {
  const embedding = { ...checkpoint.tensor('slot_embedding', [1, slots, width]), atLeast: 'fp16' as const };
  const shape = graph.op('Concat', [batch, graph.int64(slots, width)], { axis: { int: 0 } });
  return graph.op('Expand', [graph.weight(embedding), shape]);
}

/**
 * Looks up the entry that each slot scores highest, and gives the first of its parts as rows: those of the first slot, then
 * those of the next.
 *
 * @param slots [B, slots, width], as the text encoder's blocks leave them
 * @returns one value a slot, [B, parts, width]
 */
export function memoryRows(
  context: LayerContext,
  { entries, parts, channels }: TextMemoryConfig,
  slots: Value,
  width: number,
): Value[] {
  const { graph, checkpoint } = context;
  const most = Math.max(...parts);
  const embedding = (name: string, shape: readonly number[]): Value =>
    graph.weight({ ...checkpoint.tensor(name, shape), atLeast: 'fp16' });
  const scores = projection(context, 'memory_scores', slots, width, entries, 'fp16');
  const chosen = graph.op('ArgMax', [scores], { axis: { int: 2 }, keepdims: { int: 0 } });
  const found = graph.op('Reshape', [
    graph.op('Gather', [embedding('memory.weight', [entries, most * channels]), chosen]),
    graph.int64(0, parts.length, most, channels),
  ]);
  // What else the prompt says of the entry, such as its colour.
  const told = graph.op('Add', [
    projection(context, 'memory_context', slots, width, width, 'fp16'),
    embedding('memory_slot_embedding', [1, parts.length, width]),
  ]);
  const named = graph.op('Add', [
    graph.op('Add', [
      projection(context, 'memory_proj', found, channels, width, 'fp16'),
      embedding('part_embedding', [1, most, width]),
    ]),
    graph.op('Unsqueeze', [told, graph.int64(2)]),
  ]);
  const rows = layerNorm(context, 'memory_norm', named, width);
  return parts.map((count, slot) => {
    const [from, to, axes] = [graph.int64(slot, 0), graph.int64(slot + 1, count), graph.int64(1, 2)];
    return graph.op('Reshape', [graph.op('Slice', [rows, from, to, axes]), graph.int64(0, count, width)]);
  });
}
