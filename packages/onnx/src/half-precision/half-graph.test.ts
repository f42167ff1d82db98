import { readdirSync, readFileSync } from 'node:fs';
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { describe, expect, it } from 'vitest';
import { halfGraph } from './half-graph.js';

const graphs = new URL('../../../model-tiny/model/onnx/', import.meta.url);
const bytesOf = (name: string) => new Uint8Array(readFileSync(new URL(name, graphs)));

interface Read {
  readonly nodes: readonly { type: string; inputs: readonly string[]; outputs: readonly string[] }[];
  /** What is no node, as it lies. */
  readonly rest: string;
}

/** A graph's nodes, read from ONNX's field numbers. */
function read(model: Uint8Array): Read {
  const fields = (message: Uint8Array) => {
    const reader = new BinaryReader(message);
    const found: [field: number, bytes: Uint8Array][] = [];
    while (reader.pos < reader.len) {
      const [field, wire] = reader.tag();
      found.push([field, wire === WireType.LengthDelimited ? reader.bytes() : reader.skip(wire, field)]);
    }
    return found;
  };
  const graph = fields(fields(model).find(([field]) => field === 7)![1]);
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const nodes = graph
    .filter(([field]) => field === 1)
    .map(([, bytes]) => {
      const each = (wanted: number) =>
        fields(bytes).flatMap(([field, value]) => (field === wanted ? [text(value)] : []));
      return { type: each(4)[0]!, inputs: each(1), outputs: each(2) };
    });
  const rest = graph
    .filter(([field]) => field !== 1)
    .map(([field, bytes]) => `${field} ${Buffer.from(bytes).toString('base64')}`);
  return { nodes, rest: rest.join('\n') };
}

const isProduct = ({ type }: { readonly type: string }) => ['MatMul', 'Gemm', 'Conv'].includes(type);

describe.each(readdirSync(graphs))('%s', (name) => {
  const before = read(bytesOf(name));
  const after = read(halfGraph(bytesOf(name)));

  const widenedWeights = new Set(
    before.nodes.flatMap(({ type, outputs }) => (type === 'Cast' ? outputs : [])),
  );
  /** Whether a product's weights are stored in float32: those of the head's last layer are. */
  const isSingle = ({ inputs: [, second = ''] }: Read['nodes'][number]) =>
    second.endsWith('.weight') && !widenedWeights.has(second);

  it('takes products in half precision, and gives their results in single precision', () => {
    const made = new Map(after.nodes.flatMap((node) => node.outputs.map((output) => [output, node])));
    const products = after.nodes.filter(isProduct);
    expect(products).toHaveLength(before.nodes.filter(isProduct).length);
    expect(products.length).toBeGreaterThan(0);
    expect(products.filter(isSingle)).toEqual(
      before.nodes.filter((node) => isProduct(node) && isSingle(node)),
    );
    for (const { inputs, outputs } of products.filter((node) => !isSingle(node))) {
      for (const input of inputs) expect(input).toMatch(/(\.fp16|:half)$/);
      const widened = after.nodes.find(({ inputs: [input] }) => input === outputs[0])!;
      expect(widened.type).toBe('Cast');
      expect(before.nodes.some((node) => node.outputs[0] === widened.outputs[0])).toBe(true);
      for (const input of inputs) {
        if (input.endsWith(':half'))
          expect(made.get(input)).toMatchObject({ type: 'Cast', inputs: [input.slice(0, -5)] });
      }
    }
  });

  it('leaves all else as it is, but for the widening of weights that is no longer needed', () => {
    expect(after.rest).toBe(before.rest);
    const others = ({ nodes }: Read) => nodes.filter((node) => !isProduct(node) && node.type !== 'Cast');
    expect(others(after)).toEqual(others(before));
    const used = new Set(after.nodes.flatMap(({ inputs }) => inputs));
    for (const { type, inputs, outputs } of after.nodes) {
      if (type === 'Cast' && inputs[0]!.endsWith('.fp16')) expect(used).toContain(outputs[0]);
    }
  });
});

it('leaves a graph alone whose weights are not stored in fp16', () => {
  const text = (writer: BinaryWriter, field: number, value: string) =>
    writer.tag(field, WireType.LengthDelimited).string(value);
  const writer = new BinaryWriter();
  writer.tag(7, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).fork();
  for (const input of ['x', 'weight']) text(writer, 1, input);
  text(writer, 2, 'y');
  text(writer, 4, 'MatMul');
  writer.join();
  writer.tag(5, WireType.LengthDelimited).fork();
  writer.tag(2, WireType.Varint).int32(1);
  text(writer, 8, 'weight');
  writer.join().join();
  const model = writer.finish();
  expect(halfGraph(model)).toEqual(model);
});
