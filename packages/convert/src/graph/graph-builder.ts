import { InvalidOptionError } from '@tessera/core';
import {
  type Attribute,
  CONTRIB_DOMAIN,
  type ElementType,
  type OnnxNode,
  type OnnxValue,
} from './onnx-writer.js';

/** The name of a value in a graph. */
export type Value = string;

/** A weight: known by its shape, read when the graph is written. */
export interface LazyWeight {
  readonly name: string;
  readonly shape: readonly number[];
  /** The coarsest float type it can bear, where integers would be too coarse. @default any type */
  readonly atLeast?: 'fp32' | 'fp16' | undefined;
  /** Row-major, [...shape]. */
  load(): Promise<Float32Array>;
}

/** A small constant of the graph's own. */
export interface GraphConstant {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | BigInt64Array;
}

const CONTRIBUTED = new Set(['BiasGelu', 'FastGelu', 'QuickGelu', 'RotaryEmbedding']);

/** Builds one graph, node by node. Each method returns the name of the value that it made. */
export class GraphBuilder {
  readonly name: string;
  readonly inputs: OnnxValue[] = [];
  readonly outputs: OnnxValue[] = [];
  readonly nodes: OnnxNode[] = [];
  readonly weights = new Map<string, LazyWeight>();
  readonly constants = new Map<string, GraphConstant>();
  /** Values that can be looked at, by what they are called; see {@link mark}. */
  readonly marks = new Map<
    string,
    { readonly value: Value | (() => Value); readonly shape: readonly (number | string)[] }
  >();
  /** Names of outputs by the names that their values had. */
  readonly #renamed = new Map<Value, string>();

  constructor(name: string) {
    this.name = name;
  }

  input(name: string, type: ElementType, shape: readonly (number | string)[]): Value {
    this.inputs.push({ name, type, shape });
    return name;
  }

  /**
   * Makes `value`, which a node computes, an output of the graph under `name`; nodes added later may go on using it.
   *
   * @throws InvalidOptionError if no node computes it, it is an output already, or another input or output has that name
   */
  output(name: string, value: Value, type: ElementType, shape: readonly (number | string)[]): void {
    if ([...this.inputs, ...this.outputs].some((other) => other.name === name)) {
      throw new InvalidOptionError('name', name, 'must be a name that no input or output has');
    }
    const computed = this.nodes.some(({ outputs }) => outputs.includes(value));
    if (!computed || this.outputs.some((other) => other.name === value)) {
      throw new InvalidOptionError(
        'value',
        value,
        'must be what a node computes, and no output yet. Put an Identity between',
      );
    }
    const renamed = (other: string): string => (other === value ? name : other);
    this.nodes.forEach((node, index) => {
      this.nodes[index] = { ...node, inputs: node.inputs.map(renamed), outputs: node.outputs.map(renamed) };
    });
    this.#renamed.set(value, name);
    this.outputs.push({ name, type, shape });
  }

  /**
   * Gives a float32 value on the way a name, by which {@link expose} makes it an output, to be compared with recorded numbers.
   *
   * @param value or what adds its nodes, where they are needed for that alone
   */
  mark(name: string, value: Value | (() => Value), shape: readonly (number | string)[]): void {
    this.marks.set(name, { value, shape });
  }

  /** Makes marked values outputs of the graph, under the marks' names. @default all */
  expose(names: Iterable<string> = this.marks.keys()): this {
    for (const name of names) {
      const { value, shape } = this.marks.get(name)!;
      const made = typeof value === 'string' ? value : value();
      this.output(name, this.op('Identity', [made]), 'float32', shape);
    }
    return this;
  }

  /**
   * Adds a node. An undefined input is an optional one left out.
   *
   * @param index which of the node's outputs is meant; it has none behind that one
   */
  op(
    type: string,
    inputs: readonly (Value | undefined)[],
    attributes: Readonly<Record<string, Attribute>> = {},
    index = 0,
  ): Value {
    const outputs = Array.from({ length: index + 1 }, (_, i) => `v${this.nodes.length}_${i}`);
    this.nodes.push({
      type,
      domain: CONTRIBUTED.has(type) ? CONTRIB_DOMAIN : '',
      inputs: inputs.map((input = '') => this.#renamed.get(input) ?? input),
      outputs,
      attributes,
    });
    return outputs[index]!;
  }

  /** A weight as a float32 value, whatever type it gets stored in. The same name is the same weight. */
  weight(weight: LazyWeight): Value {
    if (!this.weights.has(weight.name)) this.weights.set(weight.name, weight);
    return weight.name;
  }

  /** A float32 constant. */
  floats(data: Float32Array, shape: readonly number[] = [data.length]): Value {
    return this.#constant('float32', data, shape);
  }

  /** An int32 constant. */
  int32(values: readonly number[]): Value {
    return this.#constant('int32', Int32Array.from(values), [values.length]);
  }

  /** An int64 constant: what shapes, slices and axes are given in. */
  int64(...values: number[]): Value {
    return this.#constant('int64', BigInt64Array.from(values, BigInt), [values.length]);
  }

  /** One extent of a value's shape, int64 [1]. */
  extent(value: Value, axis: number): Value {
    return this.op('Shape', [value], { start: { int: axis }, end: { int: axis + 1 } });
  }

  #constant(type: ElementType, data: GraphConstant['data'], shape: readonly number[]): Value {
    const key = `${type}[${shape.join()}]${data.join()}`;
    const known = this.constants.get(key);
    if (known) return known.name;
    const name = `c${this.constants.size}`;
    this.constants.set(key, { name, type, shape, data });
    return name;
  }
}
