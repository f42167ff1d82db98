import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** What takes nearly all of the arithmetic: products with weights at input 1, or of two activations. */
const PRODUCTS: ReadonlySet<string> = new Set(['MatMul', 'Gemm', 'Conv']);

/** Fields of ModelProto, GraphProto, NodeProto and AttributeProto in onnx.proto. */
const MODEL = { graph: 7 } as const;
const GRAPH = { node: 1, initializer: 5 } as const;
const NODE = { input: 1, output: 2, type: 4, attribute: 5 } as const;
const ATTRIBUTE = { name: 1, int: 3, type: 20 } as const;
const TENSOR = { dataType: 2, name: 8 } as const;
/** TensorProto.DataType. */
const TYPES = { float32: 1, float16: 10 } as const;
/** AttributeProto.AttributeType.INT. */
const INT = 2;

interface GraphNode {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** The fields that are none of these, as they lie. */
  readonly rest: readonly RawField[];
}

interface RawField {
  readonly field: number;
  readonly wire: WireType;
  readonly bytes: Uint8Array;
}

/**
 * A graph whose matrix products and convolutions are computed in half precision, and all else in single precision, as
 * PyTorch's autocast does: norms, softmax, activations and the residual stream keep their digits. Products whose weights are
 * not stored in fp16 stay as they are; a graph without any such weights comes out unchanged. Inputs and outputs stay float32.
 *
 * @param model an ONNX model's bytes; weights may lie beside it
 */
export function halfGraph(model: Uint8Array): Uint8Array {
  const writer = new BinaryWriter();
  for (const { field, wire, bytes } of fieldsOf(model)) {
    if (field !== MODEL.graph) writer.tag(field, wire).raw(bytes);
    else writer.tag(field, wire).bytes(inHalf(contentOf(bytes)));
  }
  return writer.finish();
}

function inHalf(graph: Uint8Array): Uint8Array {
  const fields = [...fieldsOf(graph)];
  const nodes = fields
    .filter(({ field }) => field === GRAPH.node)
    .map(({ bytes }) => readNode(contentOf(bytes)));
  const types = new Map<string, number>();
  for (const { field, bytes } of fields) {
    if (field === GRAPH.initializer) {
      const [name, type] = readTensorType(contentOf(bytes));
      types.set(name, type);
    }
  }
  /** Weights by the names of the float32 values that are made of them, and how they are stored. */
  const stored = new Map<string, string>();
  for (const { type, inputs, outputs } of nodes) {
    if (type === 'Cast' && types.get(inputs[0]!) === TYPES.float16) stored.set(outputs[0]!, inputs[0]!);
  }
  const isProduct = ({ type, inputs: [, second = ''] }: GraphNode): boolean =>
    PRODUCTS.has(type) && (stored.has(second) || !types.has(second));
  if (!nodes.some((node) => isProduct(node) && stored.has(node.inputs[1]!))) return graph;

  const written: GraphNode[] = [];
  const halves = new Map(stored);
  const half = (value: string): string => {
    const known = halves.get(value);
    if (known !== undefined) return known;
    const name = `${value}:half`;
    written.push(cast(value, name, TYPES.float16));
    halves.set(value, name);
    return name;
  };
  for (const node of nodes) {
    if (!isProduct(node)) {
      written.push(node);
      continue;
    }
    const inputs = node.inputs.map(half);
    const [output] = node.outputs as [string];
    written.push({ ...node, inputs, outputs: [`${output}:product`] });
    written.push(cast(`${output}:product`, output, TYPES.float32));
  }
  // A weight that no single precision is computed with any more needn't be widened.
  const read = new Set(written.flatMap(({ inputs }) => inputs));
  const needed = written.filter(({ outputs: [output] }) => !stored.has(output!) || read.has(output!));

  const writer = new BinaryWriter();
  for (const node of needed) writeNode(writer, node);
  for (const { field, wire, bytes } of fields) {
    if (field !== GRAPH.node) writer.tag(field, wire).raw(bytes);
  }
  return writer.finish();
}

function cast(input: string, output: string, type: number): GraphNode {
  const attribute = new BinaryWriter();
  attribute.tag(ATTRIBUTE.name, WireType.LengthDelimited).string('to');
  attribute.tag(ATTRIBUTE.int, WireType.Varint).int64(type);
  attribute.tag(ATTRIBUTE.type, WireType.Varint).int32(INT);
  const bytes = new BinaryWriter().bytes(attribute.finish()).finish();
  return {
    type: 'Cast',
    inputs: [input],
    outputs: [output],
    rest: [{ field: NODE.attribute, wire: WireType.LengthDelimited, bytes }],
  };
}

function readNode(bytes: Uint8Array): GraphNode {
  const [inputs, outputs, rest]: [string[], string[], RawField[]] = [[], [], []];
  let type = '';
  for (const raw of fieldsOf(bytes)) {
    if (raw.field === NODE.input) inputs.push(textOf(raw));
    else if (raw.field === NODE.output) outputs.push(textOf(raw));
    else if (raw.field === NODE.type) type = textOf(raw);
    else rest.push(raw);
  }
  return { type, inputs, outputs, rest };
}

function writeNode(writer: BinaryWriter, { type, inputs, outputs, rest }: GraphNode): void {
  writer.tag(GRAPH.node, WireType.LengthDelimited).fork();
  for (const input of inputs) writer.tag(NODE.input, WireType.LengthDelimited).string(input);
  for (const output of outputs) writer.tag(NODE.output, WireType.LengthDelimited).string(output);
  writer.tag(NODE.type, WireType.LengthDelimited).string(type);
  for (const { field, wire, bytes } of rest) writer.tag(field, wire).raw(bytes);
  writer.join();
}

function readTensorType(bytes: Uint8Array): [name: string, type: number] {
  let [name, type] = ['', 0];
  for (const raw of fieldsOf(bytes)) {
    if (raw.field === TENSOR.name) name = textOf(raw);
    else if (raw.field === TENSOR.dataType) type = new BinaryReader(raw.bytes).int32();
  }
  return [name, type];
}

/** A message's fields in their order; of those with a length, `bytes` begins with it. */
function* fieldsOf(message: Uint8Array): Generator<RawField> {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    yield { field, wire, bytes: reader.skip(wire, field) };
  }
}

const contentOf = (bytes: Uint8Array): Uint8Array => new BinaryReader(bytes).bytes();
const textOf = ({ bytes }: RawField): string => new BinaryReader(bytes).string();
