import { CONTRIB_DOMAIN, type OnnxInitializer, type OnnxNode } from './onnx-writer.js';
import { BLOCK } from './weight-storage.js';

/** A matrix whose codes and scales are stored as `NAME.int8` or `NAME.int4`, and `NAME.scales`. */
export interface QuantizedMatrix {
  readonly form: 'int8-columns' | 'int4-blocks';
  readonly shape: readonly number[];
}

/** Constants of {@link quantizedProducts}. */
export const PRODUCT_CONSTANTS: readonly OnnxInitializer[] = [
  { name: 'rows.axis', type: 'int64', shape: [1], bytes: { raw: bytesOf(BigInt64Array.of(-1n)) } },
  { name: 'rows.least', type: 'float32', shape: [], bytes: { raw: bytesOf(Float32Array.of(1e-30)) } },
  { name: 'rows.scale', type: 'float32', shape: [], bytes: { raw: bytesOf(Float32Array.of(1 / 127)) } },
  { name: 'rows.zero', type: 'uint8', shape: [], bytes: { raw: Uint8Array.of(128) } },
];

/**
 * Puts products with quantised matrices in place of a graph's `MatMul` and `Gemm` nodes that read them.
 *
 * In 8 bits a row is divided by its largest magnitude, which its products are multiplied by in the end: so a row's result
 * depends on that row alone, and a picture not on the batch it is made in. `DynamicQuantizeMatMul` takes one scale for all
 * rows together; it is as fast. Rows that several products read are quantised once.
 */
export function quantizedProducts(
  nodes: readonly OnnxNode[],
  matrices: ReadonlyMap<string, QuantizedMatrix>,
): OnnxNode[] {
  const quantised = new Set<string>();
  return nodes.flatMap((node) => {
    const [rows = '', name = '', bias] = node.inputs;
    const matrix = matrices.get(name);
    if (!matrix) return [node];
    if (matrix.form === 'int4-blocks') return [blockProduct(node, matrix.shape)];
    const quantising = quantised.has(rows) ? [] : quantiseRows(rows);
    quantised.add(rows);
    const [output = ''] = node.outputs;
    const [codes, scales] = [`${name}.int8`, `${name}.scales`];
    const inputs = [`${rows}.codes`, codes, 'rows.scale', scales, 'rows.zero'];
    const scaled = bias === undefined ? output : `${output}.scaled`;
    return [
      ...quantising,
      operator('MatMulIntegerToFloat', inputs, `${output}.product`, CONTRIB_DOMAIN),
      operator('Mul', [`${output}.product`, `${rows}.largest`], scaled),
      ...(bias === undefined ? [] : [operator('Add', [scaled, bias], output)]),
    ];
  });
}

function quantiseRows(rows: string): OnnxNode[] {
  return [
    operator('Abs', [rows], `${rows}.abs`),
    {
      ...operator('ReduceMax', [`${rows}.abs`, 'rows.axis'], `${rows}.most`),
      attributes: { keepdims: { int: 1 } },
    },
    operator('Max', [`${rows}.most`, 'rows.least'], `${rows}.largest`),
    operator('Div', [rows, `${rows}.largest`], `${rows}.unit`),
    operator('QuantizeLinear', [`${rows}.unit`, 'rows.scale', 'rows.zero'], `${rows}.codes`),
  ];
}

function blockProduct({ inputs, outputs }: OnnxNode, [rows = 0, columns = 0]: readonly number[]): OnnxNode {
  const [input = '', name, bias] = inputs;
  const optional = bias === undefined ? [] : ['', '', bias];
  return {
    type: 'MatMulNBits',
    domain: CONTRIB_DOMAIN,
    inputs: [input, `${name}.int4`, `${name}.scales`, ...optional],
    outputs,
    attributes: {
      K: { int: rows },
      N: { int: columns },
      bits: { int: 4 },
      block_size: { int: BLOCK },
      // Rows are rounded to 8 bits, block by block: the one way that is faster than float32 on a CPU.
      accuracy_level: { int: 4 },
    },
  };
}

const operator = (type: string, inputs: readonly string[], output: string, domain = ''): OnnxNode => ({
  type,
  domain,
  inputs,
  outputs: [output],
  attributes: {},
});

function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
