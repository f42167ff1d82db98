import { assertShape } from '@tessera/core/model';
import type { ComponentName } from '@tessera/format';
import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common';
import type { RunStatistics } from './run-statistics.js';

/** The part of an onnxruntime session that is used. */
export interface GraphSession {
  run(
    feeds: InferenceSession.FeedsType,
    outputs: readonly string[],
  ): Promise<InferenceSession.OnnxValueMapType>;
  release(): Promise<void>;
}

/** One session a graph; `decoder` and `encoder` may be missing. */
export type GraphSessions = { readonly [name in ComponentName]?: GraphSession };

/** Runs the graphs of a model by name, and counts the runs. The caller sees to it that no two runs of a graph overlap. */
export class GraphRunner {
  readonly #sessions: GraphSessions;
  readonly #Tensor: TensorConstructor;
  readonly #statistics = new Map<ComponentName, { runs: number; milliseconds: number }>();

  /** @param Tensor the Tensor class of the runtime that made the sessions */
  constructor(sessions: GraphSessions, Tensor: TensorConstructor) {
    this.#sessions = sessions;
    this.#Tensor = Tensor;
  }

  get statistics(): RunStatistics {
    return Object.fromEntries([...this.#statistics].map(([name, entry]) => [name, { ...entry }]));
  }

  has(name: ComponentName): boolean {
    return this.#sessions[name] !== undefined;
  }

  async run(
    name: ComponentName,
    feeds: Record<string, Tensor>,
    outputs: readonly string[],
  ): Promise<InferenceSession.OnnxValueMapType> {
    const began = performance.now();
    const result = await this.#sessions[name]!.run(feeds, outputs);
    const entry = this.#statistics.get(name) ?? { runs: 0, milliseconds: 0 };
    entry.runs++;
    entry.milliseconds += performance.now() - began;
    this.#statistics.set(name, entry);
    return result;
  }

  float(data: Float32Array, dims: readonly number[]): Tensor {
    assertShape('graph input', data, dims);
    return new this.#Tensor('float32', data, dims);
  }

  int(data: Int32Array, dims: readonly number[]): Tensor {
    assertShape('graph input', data, dims);
    return new this.#Tensor('int32', data, dims);
  }

  /** Frees all sessions. */
  async release(): Promise<void> {
    await Promise.all(Object.values(this.#sessions).map((session) => session?.release()));
  }
}
