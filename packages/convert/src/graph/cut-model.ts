import { elementCount } from '../checkpoint/safetensors-header.js';
import type { OnnxInitializer, OnnxModel, OnnxNode } from './onnx-writer.js';
import { LOADED_BYTES, splitProducts } from './split-products.js';

/** A stretch of a model's nodes, which can be run by itself. */
export interface ModelStretch extends Pick<OnnxModel, 'nodes' | 'initializers'> {
  /** Values that come from the stretches before it, or into the model. */
  readonly inputs: readonly string[];
  /** Values that stretches behind it take, or that the model gives. */
  readonly outputs: readonly string[];
}

/**
 * Cuts a model into stretches, none of which loads more than `limit` bytes of weights, unless one table does by itself. Run one
 * after another they give what the model gives, in the memory of the largest.
 *
 * What depends on weights alone, such as their widening, is in each stretch that needs it.
 */
export function cutModel(model: OnnxModel, limit: number): ModelStretch[] {
  const { outputs } = model;
  const { nodes, initializers } = splitProducts(model, limit);
  const stored = new Map(initializers.map((initializer) => [initializer.name, initializer]));
  const widening = new Map<string, OnnxNode>();
  const running = nodes.filter((node) => {
    const isFixed = node.inputs.every((name) => name === '' || stored.has(name) || widening.has(name));
    if (isFixed) for (const output of node.outputs) widening.set(output, node);
    return !isFixed;
  });

  let current = new Stretch(stored, widening);
  const stretches = [current];
  for (const node of running) {
    const needed = current.needs(node);
    if (current.bytes > 0 && current.bytes + bytesOf(needed) > limit) {
      current = new Stretch(stored, widening);
      stretches.push(current);
    }
    current.add(node);
  }
  return stretches.map((stretch, index) => {
    const taken = new Set([
      ...outputs.map(({ name }) => name),
      ...stretches.slice(index + 1).flatMap((later) => later.inputs),
    ]);
    return {
      nodes: stretch.nodes,
      initializers: [...stretch.initializers],
      inputs: stretch.inputs,
      outputs: [...stretch.made].filter((value) => taken.has(value)),
    };
  });
}

class Stretch {
  readonly nodes: OnnxNode[] = [];
  readonly initializers = new Set<OnnxInitializer>();
  readonly made = new Set<string>();
  readonly #taken = new Set<string>();
  readonly #stored: ReadonlyMap<string, OnnxInitializer>;
  readonly #widening: ReadonlyMap<string, OnnxNode>;

  constructor(stored: ReadonlyMap<string, OnnxInitializer>, widening: ReadonlyMap<string, OnnxNode>) {
    this.#stored = stored;
    this.#widening = widening;
  }

  get bytes(): number {
    return bytesOf(this.initializers);
  }

  get inputs(): string[] {
    return [...this.#taken];
  }

  /** The weights that a node would add. */
  needs(node: OnnxNode): OnnxInitializer[] {
    return node.inputs.flatMap((name) => {
      const initializer = this.#stored.get(name);
      if (initializer) return this.initializers.has(initializer) ? [] : [initializer];
      const widening = this.#widening.get(name);
      return widening && !this.made.has(name) ? this.needs(widening) : [];
    });
  }

  add(node: OnnxNode): void {
    for (const name of node.inputs) {
      const initializer = this.#stored.get(name);
      const widening = this.#widening.get(name);
      if (initializer) this.initializers.add(initializer);
      else if (name !== '' && !this.made.has(name)) {
        if (widening) this.add(widening);
        else this.#taken.add(name);
      }
    }
    this.nodes.push(node);
    for (const output of node.outputs) this.made.add(output);
  }
}

function bytesOf(initializers: Iterable<OnnxInitializer>): number {
  let bytes = 0;
  for (const { shape } of initializers) bytes += LOADED_BYTES * elementCount(shape);
  return bytes;
}
