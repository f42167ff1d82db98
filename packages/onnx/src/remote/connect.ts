import {
  type GridShape,
  type ImageRgb,
  type MaskedModel,
  type ModelInput,
  TesseraError,
  type TokenGrid,
} from '@tessera/core';
import type { DiffusionProcess, SamplerCoefficients } from '@tessera/core/diffusion';
import {
  type CancellationSignal,
  ConditionRows,
  type DeviceTensor,
  type HeadRequest,
  type ImageSize,
  ModelDisposedError,
  type ReuseAbilities,
  type SamplingDefaults,
  type TokenImage,
  type TokenRequest,
} from '@tessera/core/model';
import { diffusionFrom, type Manifest, samplingDefaults } from '@tessera/format';
import { imageSizeOf } from '../image-size.js';
import { reuseAbilities } from '../reuse-abilities.js';
import type { RunStatistics } from '../run-statistics.js';
import { packCoefficients } from './packed-coefficients.js';
import type { Port } from './port.js';
import type { Calls, ConditionsHandle, TokenNoise } from './protocol.js';
import { Caller } from './rpc.js';

type Cancellable = { readonly signal?: CancellationSignal };

/** A model that lives at the other end of a port, behind {@link serveModel}. */
export class RemoteModel implements MaskedModel<ModelInput> {
  readonly manifest: Manifest;
  readonly shape: GridShape;
  readonly imageSize: ImageSize;
  readonly defaults: SamplingDefaults;
  readonly diffusion: DiffusionProcess;
  readonly reuses: ReuseAbilities;
  readonly drawsGlobalToken: boolean;
  readonly #caller: Caller<Calls>;
  #disposal: Promise<void> | undefined;

  /** @param connection a port, or what calls through it already */
  constructor(connection: Port | Caller<Calls>, manifest: Manifest) {
    this.manifest = manifest;
    this.shape = manifest.grid;
    this.imageSize = imageSizeOf(manifest);
    this.defaults = samplingDefaults(manifest);
    this.diffusion = diffusionFrom(manifest.diffusion);
    this.reuses = reuseAbilities(manifest);
    this.drawsGlobalToken = manifest.joint !== undefined;
    this.#caller = connection instanceof Caller ? connection : new Caller(connection);
  }

  async condition({
    batch,
    signal,
  }: Parameters<MaskedModel<ModelInput>['condition']>[0]): Promise<readonly ConditionRows[]> {
    const handles = await this.#caller.call(
      'condition',
      {
        images: batch.map(({ reuse, ...image }) => {
          if (!reuse) return image;
          const { previous, ...rest } = reuse;
          return { ...image, reuse: { ...rest, ...(previous ? { previous: this.#idOf(previous) } : {}) } };
        }),
      },
      { signal, discard: (late) => this.#release(late) },
    );
    return handles.map((handle) => this.#conditions(handle));
  }

  async sampleTokens({
    batch,
    coefficients,
    temperature,
    clamp,
    reuse,
    signal,
  }: TokenRequest): Promise<readonly Float32Array[]> {
    const remote = batch.map((image) => ({
      conditions: this.#idOf(image.conditions),
      rows: image.rows.map((row) => image.conditions.tensorRow(row, false)),
      positions: image.positions,
      guidanceScale: image.guidanceScale,
      noise: packNoise(image, coefficients, this.shape.channels),
    }));
    const request = {
      images: remote,
      coefficients: packCoefficients(coefficients),
      temperature,
      ...(clamp === undefined ? {} : { clamp }),
      ...(reuse === undefined ? {} : { reuse }),
    };
    return this.#caller.call('sampleTokens', request, { signal });
  }

  /** Sends x and the number of the conditions, which stay at the other end. */
  async evaluateHead({ batch, timestep, signal }: HeadRequest): Promise<readonly Float32Array[]> {
    const images = batch.map(({ conditions, rows, x }) => ({ conditions: this.#idOf(conditions), rows, x }));
    return this.#caller.call('evaluateHead', { images, timestep }, { signal });
  }

  decode(grids: readonly TokenGrid[], { signal }: Cancellable = {}): Promise<readonly ImageRgb[]> {
    return this.#caller.call('decode', { grids }, { signal });
  }

  encode(images: readonly ImageRgb[], { signal }: Cancellable = {}): Promise<readonly TokenGrid[]> {
    return this.#caller.call('encode', { images }, { signal });
  }

  /** The words of a prompt that the model can only spell: those that its tokenizer has no piece for. */
  unknownWords(prompt: string): Promise<readonly string[]> {
    return this.#caller.call('unknownWords', { prompt });
  }

  /** How often each graph has run, and for how long. */
  runStatistics(): Promise<RunStatistics> {
    return this.#caller.call('runStatistics', {});
  }

  /** Waits for calls under way; every later one rejects with `ModelDisposedError`. */
  dispose(): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose(): Promise<void> {
    if (this.#caller.closed) return;
    const done = this.#caller.call('dispose', {});
    this.#caller.refuse(new ModelDisposedError());
    await done;
  }

  /** Rejects all calls under way and every later one: the other end is gone. */
  close(reason: Error): void {
    this.#caller.close(reason);
  }

  #conditions({ id, count, width, guided }: ConditionsHandle): ConditionRows {
    const read = () => this.#caller.call('read', { conditions: id });
    const tensor = new RemoteTensor(this, id, read, () => this.#release([{ id }]));
    return ConditionRows.split(tensor, width, [{ count, guided }])[0]!;
  }

  #release(handles: readonly Pick<ConditionsHandle, 'id'>[]): void {
    for (const { id } of handles) this.#caller.notify('release', { conditions: id });
  }

  #idOf({ tensor }: ConditionRows): number {
    if (!(tensor instanceof RemoteTensor) || tensor.model !== this) {
      throw new TesseraError(
        'foreign-conditions',
        'These conditions were not made by this model. Pass those that its `condition` returned, and choose among them by `rows`.',
      );
    }
    return tensor.id;
  }
}

/** The rows of one image at the other end: the conditional ones, then the unconditional ones. */
class RemoteTensor implements DeviceTensor {
  readonly model: RemoteModel;
  readonly id: number;
  readonly read: () => Promise<Float32Array>;
  readonly release: () => void;

  constructor(model: RemoteModel, id: number, read: () => Promise<Float32Array>, release: () => void) {
    this.model = model;
    this.id = id;
    this.read = read;
    this.release = release;
  }
}

/** A source's key where it has one; else its numbers, drawn here: a function can't be sent. Steps without noise have zeros. */
function packNoise(
  { noise, positions }: TokenImage,
  { steps }: SamplerCoefficients,
  channels: number,
): TokenNoise {
  if (noise.key) return { key: noise.key };
  const recorded = new Float32Array((1 + steps.length) * positions.length * channels);
  let offset = 0;
  for (let step = 0; step <= steps.length; step++) {
    if (steps[step - 1]?.noise.kind === 'none') {
      offset += positions.length * channels;
      continue;
    }
    for (const position of positions) {
      noise.tokenNormal(position, step, recorded.subarray(offset, offset + channels));
      offset += channels;
    }
  }
  return { recorded };
}
