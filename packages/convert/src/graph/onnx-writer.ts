import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/** TensorProto.DataType, the part in use. */
export const ELEMENT_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
} as const;
export type ElementType = keyof typeof ELEMENT_TYPES;

/** A node's attribute. `float` is spelled out because 1 and 1.0 are one number here and two attribute types there. */
export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly string: string };

export interface OnnxNode {
  readonly type: string;
  readonly domain: string;
  /** Value names; an empty string leaves an optional input out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** An input or output of a graph: a number is a fixed extent, a string names one that varies. */
export interface OnnxValue {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly (number | string)[];
}

/** A tensor's bytes, little-endian: in the model itself, or at a place of a file beside it. */
export type TensorBytes =
  | { readonly raw: Uint8Array }
  | { readonly location: string; readonly offset: number; readonly length: number };

export interface OnnxInitializer {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly bytes: TensorBytes;
}

export interface OnnxModel {
  readonly name: string;
  readonly inputs: readonly OnnxValue[];
  /** A type is told where no node tells it. */
  readonly outputs: readonly (Pick<OnnxValue, 'name'> & Partial<OnnxValue>)[];
  readonly initializers: readonly OnnxInitializer[];
  readonly nodes: readonly OnnxNode[];
}

/** The contributed operators' domain: attention, fused normalisation and activations of ONNX Runtime. */
export const CONTRIB_DOMAIN = 'com.microsoft';

const IR_VERSION = 10;
const OPSET = 20;
/** AttributeProto.AttributeType. */
const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, ints: 7 } as const;
/** TensorProto.DataLocation.EXTERNAL. */
const EXTERNAL = 1;

/** Serialises a model. Field numbers are those of onnx.proto (ONNX 1.16). */
export function writeModel(model: OnnxModel): Uint8Array {
  const writer = new BinaryWriter();
  varint(writer, 1, IR_VERSION);
  text(writer, 2, 'tessera');
  message(writer, 7, () => writeGraph(writer, model));
  for (const [domain, version] of [
    ['', OPSET],
    [CONTRIB_DOMAIN, 1],
  ] as const) {
    message(writer, 8, () => {
      text(writer, 1, domain);
      varint(writer, 2, version);
    });
  }
  return writer.finish();
}

function writeGraph(writer: BinaryWriter, { name, nodes, initializers, inputs, outputs }: OnnxModel): void {
  for (const node of nodes) message(writer, 1, () => writeNode(writer, node));
  text(writer, 2, name);
  for (const initializer of initializers) message(writer, 5, () => writeTensor(writer, initializer));
  for (const input of inputs) message(writer, 11, () => writeValue(writer, input));
  for (const output of outputs) message(writer, 12, () => writeValue(writer, output));
}

function writeNode(writer: BinaryWriter, { inputs, outputs, type, attributes, domain }: OnnxNode): void {
  for (const input of inputs) text(writer, 1, input);
  for (const output of outputs) text(writer, 2, output);
  // Named after what it makes: the name shows up in profiles and error messages.
  text(writer, 3, `${outputs[0]}:${type}`);
  text(writer, 4, type);
  for (const [name, attribute] of Object.entries(attributes)) {
    message(writer, 5, () => writeAttribute(writer, name, attribute));
  }
  if (domain !== '') text(writer, 7, domain);
}

function writeAttribute(writer: BinaryWriter, name: string, attribute: Attribute): void {
  text(writer, 1, name);
  if ('float' in attribute) {
    writer.tag(2, WireType.Bit32).float(attribute.float);
    varint(writer, 20, ATTRIBUTE_TYPES.float);
  } else if ('int' in attribute) {
    varint(writer, 3, attribute.int);
    varint(writer, 20, ATTRIBUTE_TYPES.int);
  } else if ('string' in attribute) {
    text(writer, 4, attribute.string);
    varint(writer, 20, ATTRIBUTE_TYPES.string);
  } else {
    for (const value of attribute.ints) varint(writer, 8, value);
    varint(writer, 20, ATTRIBUTE_TYPES.ints);
  }
}

function writeTensor(writer: BinaryWriter, { name, type, shape, bytes }: OnnxInitializer): void {
  for (const extent of shape) varint(writer, 1, extent);
  varint(writer, 2, ELEMENT_TYPES[type]);
  text(writer, 8, name);
  if ('raw' in bytes) {
    writer.tag(9, WireType.LengthDelimited).bytes(bytes.raw);
    return;
  }
  const entries = { location: bytes.location, offset: String(bytes.offset), length: String(bytes.length) };
  for (const [key, value] of Object.entries(entries)) {
    message(writer, 13, () => {
      text(writer, 1, key);
      text(writer, 2, value);
    });
  }
  varint(writer, 14, EXTERNAL);
}

function writeValue(writer: BinaryWriter, { name, type, shape = [] }: OnnxModel['outputs'][number]): void {
  text(writer, 1, name);
  if (type === undefined) return;
  message(writer, 2, () => {
    message(writer, 1, () => {
      varint(writer, 1, ELEMENT_TYPES[type]);
      message(writer, 2, () => {
        for (const extent of shape) {
          message(writer, 1, () =>
            typeof extent === 'number' ? varint(writer, 1, extent) : text(writer, 2, extent),
          );
        }
      });
    });
  });
}

function message(writer: BinaryWriter, field: number, body: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  body();
  writer.join();
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}

function varint(writer: BinaryWriter, field: number, value: number): void {
  writer.tag(field, WireType.Varint).int64(value);
}
