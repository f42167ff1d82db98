import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ConvertedAutoencoder,
  type ConvertedMar,
  convertMar,
  convertVae,
  type MarForm,
  type OpenSession,
  openNodeSession,
} from './converted-models.js';
import { GoldenDataError } from './golden-data-error.js';

/** The converted models of a golden set: each is converted when first asked for, and kept. */
export class ModelStore {
  readonly openSession: OpenSession;
  readonly #folder: string;
  readonly #mars = new Map<string, Promise<ConvertedMar>>();
  readonly #autoencoders = new Map<string, Promise<ConvertedAutoencoder>>();

  private constructor(folder: string, openSession: OpenSession) {
    this.#folder = folder;
    this.openSession = openSession;
  }

  static async open(openSession: OpenSession = openNodeSession): Promise<ModelStore> {
    return new ModelStore(await mkdtemp(join(tmpdir(), 'tessera-parity-')), openSession);
  }

  mar(directory: string, form: MarForm = {}): Promise<ConvertedMar> {
    const key = `${directory} ${form.repeatBlocks ?? 1} ${form.cutBlock}`;
    return remember(this.#mars, key, () =>
      convertMar(directory, this.#next('mar', this.#mars.size), form, this.openSession),
    );
  }

  autoencoder(directory: string): Promise<ConvertedAutoencoder> {
    const { size } = this.#autoencoders;
    return remember(this.#autoencoders, directory, () =>
      convertVae(directory, this.#next('vae', size), this.openSession),
    );
  }

  /** The first of these directories' MAR models that can be converted. */
  async anyMar(directories: readonly string[]): Promise<ConvertedMar> {
    for (const directory of directories) {
      const converted = await this.mar(directory).catch(() => undefined);
      if (converted) return converted;
    }
    throw new GoldenDataError('No MAR model of the set can be converted, and this case needs one.');
  }

  /** Frees all sessions and removes the converted files. */
  async close(): Promise<void> {
    const converted = [...this.#mars.values(), ...this.#autoencoders.values()];
    for (const each of await Promise.allSettled(converted)) {
      if (each.status === 'fulfilled') await each.value.graphs.runner.release();
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  #next(kind: string, index: number): string {
    return join(this.#folder, `${kind}-${index}`);
  }
}

function remember<T>(known: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const made = known.get(key) ?? make();
  known.set(key, made);
  return made;
}
