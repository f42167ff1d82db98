/**
 * The shapes of an ONNX model's weights by name, without loading the model: its protobuf is walked to
 * `graph` (field 7) → `initializer` (5) → `dims` (1) and `name` (8).
 */
export function weightShapes(model: Uint8Array): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const graph of fields(model)) {
    if (graph.number !== 7 || !graph.bytes) continue;
    for (const initializer of fields(graph.bytes)) {
      if (initializer.number !== 5 || !initializer.bytes) continue;
      const dims: number[] = [];
      let name = '';
      for (const { number, value, bytes } of fields(initializer.bytes)) {
        if (number === 1 && value !== undefined) dims.push(value);
        else if (number === 1 && bytes) dims.push(...packed(bytes));
        else if (number === 8 && bytes) name = new TextDecoder().decode(bytes);
      }
      shapes.set(name, dims);
    }
  }
  return shapes;
}

interface Field {
  readonly number: number;
  /** Of a varint field. */
  readonly value?: number;
  /** Of a length-delimited field. */
  readonly bytes?: Uint8Array;
}

function* fields(message: Uint8Array): Generator<Field> {
  let at = 0;
  while (at < message.length) {
    let key: number;
    [key, at] = varint(message, at);
    const number = Math.floor(key / 8);
    switch (key % 8) {
      case 0: {
        const [value, next] = varint(message, at);
        yield { number, value };
        at = next;
        break;
      }
      case 2: {
        const [length, start] = varint(message, at);
        yield { number, bytes: message.subarray(start, start + length) };
        at = start + length;
        break;
      }
      case 1:
        at += 8;
        break;
      case 5:
        at += 4;
        break;
      default:
        throw new Error(`Not a protobuf message: wire type ${key % 8} at byte ${at}.`);
    }
  }
}

function packed(bytes: Uint8Array): number[] {
  const values: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [value, next] = varint(bytes, at);
    values.push(value);
    at = next;
  }
  return values;
}

function varint(bytes: Uint8Array, start: number): [value: number, next: number] {
  let value = 0;
  let scale = 1;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at]!;
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return [value, at + 1];
    scale *= 128;
  }
  throw new Error('Not a protobuf message: it ends inside a number.');
}
