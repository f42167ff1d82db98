import { DeviceLostError } from './devices.js';
import type { GpuDevice } from './gpu.js';

/** Turns the loss of a GPU into an error of every call under way, and of each later one. */
export class DeviceWatch {
  readonly #waiting = new Set<(error: DeviceLostError) => void>();
  #lost: DeviceLostError | undefined;

  constructor(device: GpuDevice) {
    void device.lost.then(({ message }) => {
      this.#lost = new DeviceLostError(message);
      for (const reject of this.#waiting) reject(this.#lost);
    });
  }

  /**
   * What `call` gives, unless the GPU is lost meanwhile: then its results would be zeros, or would never come.
   *
   * @param settled lets the browser report a loss that has already happened
   */
  async guard<T>(call: () => Promise<T>, settled: () => Promise<void>): Promise<T> {
    if (this.#lost) throw this.#lost;
    let giveUp: (error: DeviceLostError) => void = () => {};
    const loss = new Promise<never>((_, reject) => {
      giveUp = reject;
      this.#waiting.add(reject);
    });
    try {
      return await Promise.race([this.#checked(call, settled), loss]);
    } finally {
      this.#waiting.delete(giveUp);
    }
  }

  async #checked<T>(call: () => Promise<T>, settled: () => Promise<void>): Promise<T> {
    const result = await call().then(
      (value) => () => value,
      (error: unknown) => () => {
        throw error;
      },
    );
    await settled();
    if (this.#lost) throw this.#lost;
    return result();
  }
}
