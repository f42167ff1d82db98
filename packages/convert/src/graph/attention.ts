import type { GraphBuilder, Value } from './graph-builder.js';

/**
 * Softmax(query·keyᵀ/√d)·value head by head, on rows [B, rows, width] whose heads of d = width/heads values lie side by
 * side; as many rows come out as `query` has.
 *
 * `key` is best left without its bias: that adds the same to all scores of a row, and softmax takes it away again.
 *
 * Plain products, not one MultiHeadAttention node: they take as long on the CPU, and the fused node's WebGPU kernel
 * computes wrong numbers on some adapters.
 */
export function attention(
  graph: GraphBuilder,
  { query, key, value }: Record<'query' | 'key' | 'value', Value>,
  {
    width,
    heads,
    bias,
    scale = 1 / Math.sqrt(width / heads),
  }: {
    readonly width: number;
    readonly heads: number;
    /** Added to the scores [B, heads, rows, rows]. */
    readonly bias?: Value | undefined;
    /** @default 1/√d */
    readonly scale?: number;
  },
): Value {
  const size = width / heads;
  const isApart = heads > 1 || bias !== undefined;
  /** [B, rows, width] → [B, heads, rows, d] or, turned, [B, heads, d, rows]; without the axis of a single head. */
  const split = (rows: Value, turned = false): Value => {
    if (!isApart) return turned ? graph.op('Transpose', [rows], { perm: { ints: [0, 2, 1] } }) : rows;
    const apart = graph.op('Reshape', [rows, graph.int64(0, 0, heads, size)]);
    return graph.op('Transpose', [apart], { perm: { ints: turned ? [0, 2, 3, 1] : [0, 2, 1, 3] } });
  };
  // Next to the product, where ONNX Runtime makes the scale a factor of it.
  const scaled = graph.op('Mul', [split(query), graph.floats(Float32Array.of(scale), [])]);
  const product = graph.op('MatMul', [scaled, split(key, true)]);
  const scores = bias === undefined ? product : graph.op('Add', [product, bias]);
  const weights = graph.op('Softmax', [scores], { axis: { int: -1 } });
  const mixed = graph.op('MatMul', [weights, split(value)]);
  if (!isApart) return mixed;
  const rows = graph.op('Transpose', [mixed], { perm: { ints: [0, 2, 1, 3] } });
  return graph.op('Reshape', [rows, graph.int64(0, 0, width)]);
}
