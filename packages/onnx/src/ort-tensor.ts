import type { DeviceTensor } from '@tessera/core/model';
import type { ComponentName } from '@tessera/format';
import type { Tensor } from 'onnxruntime-common';
import { assertFinite } from './finite.js';

/** A graph's output that is fed to another one: it stays where the runtime put it, on a GPU perhaps, until it is read. */
export class OrtTensor implements DeviceTensor {
  readonly tensor: Tensor;
  /** Reading changes where the tensor says it is, but leaves its buffer. */
  readonly onGpu: boolean;
  readonly #graph: ComponentName;

  constructor(graph: ComponentName, tensor: Tensor) {
    this.tensor = tensor;
    this.onGpu = tensor.location === 'gpu-buffer';
    this.#graph = graph;
  }

  /** @throws NonFiniteError if some of it is not a number */
  async read(): Promise<Float32Array> {
    return assertFinite(this.#graph, (await this.tensor.getData()) as Float32Array);
  }

  /** Frees what is on a GPU; elsewhere there is nothing to do. */
  release(): void {
    if (this.onGpu) this.tensor.dispose();
  }
}
