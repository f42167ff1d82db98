import { elementCount } from '../checkpoint/safetensors-header.js';
import type { OnnxInitializer, OnnxModel, OnnxNode } from './onnx-writer.js';

/** Bytes of a float32 value, which stored weights become when they are loaded. */
export const LOADED_BYTES = 4;

/**
 * Puts sums of products in place of those whose matrix alone loads more than `limit` bytes: each product is with some of the
 * matrix's rows, which lie together in the file beside the graph. What is widened by anything but `Cast` stays whole.
 */
export function splitProducts(model: OnnxModel, limit: number): Pick<OnnxModel, 'nodes' | 'initializers'> {
  const initializers = new Map(model.initializers.map((initializer) => [initializer.name, initializer]));
  const widening = new Map(model.nodes.map((node) => [node.outputs[0]!, node]));
  const nodes = model.nodes.flatMap((node) => {
    const cast = widening.get(node.inputs[1] ?? '');
    const stored = initializers.get((cast?.type === 'Cast' ? cast.inputs[0] : node.inputs[1]) ?? '');
    const isProduct = node.type === 'MatMul' || node.type === 'Gemm';
    if (!isProduct || !stored || LOADED_BYTES * elementCount(stored.shape) <= limit) return [node];
    const split = splitProduct(node, stored, cast, limit);
    for (const initializer of split.initializers) initializers.set(initializer.name, initializer);
    return split.nodes;
  });
  return { nodes, initializers: [...initializers.values()] };
}

function splitProduct(
  { inputs: [rows = '', , ...bias], outputs: [output = ''] }: OnnxNode,
  { name, type, shape, bytes }: OnnxInitializer,
  cast: OnnxNode | undefined,
  limit: number,
): Pick<OnnxModel, 'nodes' | 'initializers'> {
  const [inputs = 0, columns = 0] = shape;
  if ('raw' in bytes) throw new Error(`"${name}" lies inside of its graph.`);
  const rowBytes = bytes.length / inputs;
  const most = Math.max(1, Math.floor(limit / (LOADED_BYTES * columns)));
  const nodes: OnnxNode[] = [];
  const initializers: OnnxInitializer[] = [indices(`${name}.axis`, -1)];
  const products: string[] = [];
  const add = (op: string, from: readonly string[], to: string, attributes: OnnxNode['attributes'] = {}) => {
    nodes.push({ type: op, domain: '', inputs: from, outputs: [to], attributes });
    return to;
  };
  for (let first = 0; first < inputs; first += most) {
    const count = Math.min(most, inputs - first);
    const part = `${name}.${first}`;
    initializers.push(
      {
        ...{ name: part, type, shape: [count, columns] },
        bytes: { ...bytes, offset: bytes.offset + first * rowBytes, length: count * rowBytes },
      },
      indices(`${part}.first`, first),
      indices(`${part}.end`, first + count),
    );
    const value = `${output}.${first}`;
    const matrix = cast ? add('Cast', [part], `${value}.matrix`, cast.attributes) : part;
    const ends = [`${part}.first`, `${part}.end`, `${name}.axis`];
    products.push(add('MatMul', [add('Slice', [rows, ...ends], `${value}.rows`), matrix], value));
  }
  add('Sum', [...products, ...bias], output);
  return { nodes, initializers };
}

const indices = (name: string, value: number): OnnxInitializer => ({
  ...{ name, type: 'int64', shape: [1] },
  bytes: { raw: new Uint8Array(BigInt64Array.of(BigInt(value)).buffer) },
});
