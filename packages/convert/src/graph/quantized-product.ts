import type { Value } from './graph-builder.js';
import { CONTRIB_DOMAIN, type OnnxInitializer, type OnnxNode } from './onnx-writer.js';
import { BLOCK } from './weight-storage.js';

/** A matrix whose codes and scales are stored as `NAME.int8` or `NAME.int4`, and `NAME.scales`. */
export interface QuantizedMatrix {
  readonly form: 'int8-columns' | 'int4-blocks';
  readonly shape: readonly number[];
}

/** How rows become codes of 8 bits: row ÷ (its largest value, or `least` if that is more) ÷ `scale` + `zero`. */
interface RowCode {
  readonly name: string;
  /** Whether a row is divided by its largest magnitude rather than by its largest value. */
  readonly signed: boolean;
  readonly scale: number;
  readonly zero: number;
  readonly least: number;
}

const SIGNED: RowCode = { name: 'signed', signed: true, scale: 1 / 127, zero: 128, least: 1e-30 };

/** Activations are bounded below, −0.17 and −0.28: a quarter of the codes is enough for what is negative, at `least`. */
const BOUNDED: Readonly<Record<string, RowCode>> = {
  BiasGelu: { name: 'gelu', signed: false, scale: 1 / 191, zero: 64, least: 0.51 },
  QuickGelu: { name: 'silu', signed: false, scale: 1 / 191, zero: 64, least: 0.84 },
};

/** Nodes and constants that multiply by quantised matrices. */
export interface QuantizedProducts {
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxInitializer[];
}

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
): QuantizedProducts {
  const makers = new Map(nodes.flatMap(({ type, outputs }) => outputs.map((output) => [output, type])));
  const quantised = new Set<Value>();
  const codes = new Set<RowCode>();
  const replaced = nodes.flatMap((node) => {
    const [rows = '', name = '', bias] = node.inputs;
    const matrix = matrices.get(name);
    if (!matrix) return [node];
    if (matrix.form === 'int4-blocks') return [blockProduct(node, matrix.shape)];
    const code = BOUNDED[makers.get(rows) ?? ''] ?? SIGNED;
    const quantising = quantised.has(rows) ? [] : quantiseRows(rows, code);
    quantised.add(rows);
    codes.add(code);
    const [output = ''] = node.outputs;
    const factors = [
      `${rows}.codes`,
      `${name}.int8`,
      `${code.name}.scale`,
      `${name}.scales`,
      `${code.name}.zero`,
    ];
    const scaled = bias === undefined ? output : `${output}.scaled`;
    return [
      ...quantising,
      operator('MatMulIntegerToFloat', factors, `${output}.product`, CONTRIB_DOMAIN),
      operator('Mul', [`${output}.product`, `${rows}.largest`], scaled),
      ...(bias === undefined ? [] : [operator('Add', [scaled, bias], output)]),
    ];
  });
  return { nodes: replaced, constants: codes.size === 0 ? [] : [AXIS, ...[...codes].flatMap(constantsOf)] };
}

const AXIS: OnnxInitializer = {
  name: 'rows.axis',
  type: 'int64',
  shape: [1],
  bytes: { raw: new Uint8Array(BigInt64Array.of(-1n).buffer) },
};

function constantsOf({ name, scale, zero, least }: RowCode): OnnxInitializer[] {
  const scalar = (value: number) => ({ raw: new Uint8Array(Float32Array.of(value).buffer) });
  return [
    { name: `${name}.scale`, type: 'float32', shape: [], bytes: scalar(scale) },
    { name: `${name}.least`, type: 'float32', shape: [], bytes: scalar(least) },
    { name: `${name}.zero`, type: 'uint8', shape: [], bytes: { raw: Uint8Array.of(zero) } },
  ];
}

function quantiseRows(rows: Value, { name, signed }: RowCode): OnnxNode[] {
  const magnitudes = signed ? `${rows}.abs` : rows;
  return [
    ...(signed ? [operator('Abs', [rows], magnitudes)] : []),
    {
      ...operator('ReduceMax', [magnitudes, AXIS.name], `${rows}.most`),
      attributes: { keepdims: { int: 1 } },
    },
    operator('Max', [`${rows}.most`, `${name}.least`], `${rows}.largest`),
    operator('Div', [rows, `${rows}.largest`], `${rows}.unit`),
    operator('QuantizeLinear', [`${rows}.unit`, `${name}.scale`, `${name}.zero`], `${rows}.codes`),
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
