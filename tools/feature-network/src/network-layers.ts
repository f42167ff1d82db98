import type { GraphBuilder, TensorFile, Value } from '@tessera/convert';
import { foldedConvolution } from './folded-convolution.js';

/** A convolution of 3×3, its batch normalisation folded in, and a ReLU: `convolution_block` of tools/train. */
export function block(
  graph: GraphBuilder,
  file: TensorFile,
  { key, input, stride, gathered = 1 }: { key: string; input: Value; stride: number; gathered?: number },
): Value {
  const { weight, bias } = foldedConvolution(file, key, gathered);
  const convolved = graph.op('Conv', [input, graph.weight(weight), graph.weight(bias)], {
    kernel_shape: { ints: weight.shape.slice(2) },
    pads: { ints: [1, 1, 1, 1] },
    strides: { ints: [stride, stride] },
  });
  return graph.op('Relu', [convolved]);
}

/** Pixels gathered in blocks of `side` × `side`. */
export function gather(graph: GraphBuilder, image: Value, side: number): Value {
  return graph.op('SpaceToDepth', [image], { blocksize: { int: side } });
}

/** [B, C, …] → [B, C]: the mean, or the largest, of each plane. */
export function pool(graph: GraphBuilder, type: 'ReduceMean' | 'ReduceMax', input: Value): Value {
  return graph.op(type, [input, graph.int64(2, 3)], { keepdims: { int: 0 } });
}

export function linear(graph: GraphBuilder, file: TensorFile, key: string, input: Value): Value {
  const weight = (name: string): Value =>
    graph.weight({ name, shape: file.shape(name), load: () => file.readFloats(name) });
  return graph.op('Gemm', [input, weight(`${key}.weight`), weight(`${key}.bias`)], { transB: { int: 1 } });
}
