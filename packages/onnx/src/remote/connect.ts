import {
  type ClassInput,
  type GridShape,
  type ImageRgb,
  type MaskedModel,
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
  plainData,
  type SamplingDefaults,
  type TokenImage,
  type TokenRequest,
  throwIfAborted,
} from '@tessera/core/model';
import { diffusionFrom, type Manifest, samplingDefaults } from '@tessera/format';
import { imageSizeOf } from '../image-size.js';
import type { RunStatistics } from '../run-statistics.js';
import { packCoefficients } from './packed-coefficients.js';
import type { Port } from './port.js';
import {
  type CallName,
  type Calls,
  type ClientMessage,
  type ConditionsHandle,
  type ServerMessage,
  type TokenNoise,
  unpackError,
} from './protocol.js';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

type Cancellable = { readonly signal?: CancellationSignal };

/** A model that lives at the other end of a port, behind {@link serveModel}. */
export class RemoteModel implements MaskedModel<ClassInput> {
  readonly manifest: Manifest;
  readonly shape: GridShape;
  readonly imageSize: ImageSize;
  readonly defaults: SamplingDefaults;
  readonly diffusion: DiffusionProcess;
  readonly #port: Port;
  readonly #waiting = new Map<number, Waiting>();
  #nextCall = 0;
  /** Why no call can be made any more. */
  #closed: Error | undefined;
  #disposal: Promise<void> | undefined;

  constructor(port: Port, manifest: Manifest) {
    this.manifest = manifest;
    this.shape = manifest.grid;
    this.imageSize = imageSizeOf(manifest);
    this.defaults = samplingDefaults(manifest);
    this.diffusion = diffusionFrom(manifest.diffusion);
    this.#port = port;
    port.listen((received) => {
      const message = received as ServerMessage;
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.type === 'result') waiting?.resolve(message.value);
      else waiting?.reject(unpackError(message.error));
    });
  }

  async condition({
    batch,
    signal,
  }: Parameters<MaskedModel<ClassInput>['condition']>[0]): Promise<readonly ConditionRows[]> {
    const handles = await this.#call('condition', { images: batch }, signal);
    return handles.map((handle) => this.#conditions(handle));
  }

  async sampleTokens({
    batch,
    coefficients,
    temperature,
    clamp,
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
    };
    return this.#call('sampleTokens', request, signal);
  }

  /** Sends x and the number of the conditions, which stay at the other end. */
  async evaluateHead({ batch, timestep, signal }: HeadRequest): Promise<readonly Float32Array[]> {
    const images = batch.map(({ conditions, rows, x }) => ({ conditions: this.#idOf(conditions), rows, x }));
    return this.#call('evaluateHead', { images, timestep }, signal);
  }

  decode(grids: readonly TokenGrid[], { signal }: Cancellable = {}): Promise<readonly ImageRgb[]> {
    return this.#call('decode', { grids }, signal);
  }

  encode(images: readonly ImageRgb[], { signal }: Cancellable = {}): Promise<readonly TokenGrid[]> {
    return this.#call('encode', { images }, signal);
  }

  /** How often each graph has run, and for how long. */
  runStatistics(): Promise<RunStatistics> {
    return this.#call('runStatistics', {}, undefined);
  }

  /** Waits for calls under way; every later one rejects with `ModelDisposedError`. */
  dispose(): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose(): Promise<void> {
    if (this.#closed) return;
    const done = this.#call('dispose', {}, undefined);
    this.#closed = new ModelDisposedError();
    await done;
  }

  /** Rejects all calls under way and every later one: the other end is gone. */
  close(reason: Error): void {
    this.#closed ??= reason;
    for (const waiting of this.#waiting.values()) waiting.reject(reason);
    this.#waiting.clear();
  }

  #conditions({ id, count, width, guided }: ConditionsHandle): ConditionRows {
    const read = () => this.#call('read', { conditions: id }, undefined);
    const tensor = new RemoteTensor(this, id, read, () => this.#release([{ id }]));
    return ConditionRows.split(tensor, width, [{ count, guided }])[0]!;
  }

  #release(handles: readonly Pick<ConditionsHandle, 'id'>[]): void {
    if (this.#closed) return;
    for (const { id } of handles) this.#send({ type: 'release', conditions: id });
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

  async #call<Name extends CallName>(
    name: Name,
    given: Calls[Name]['arguments'],
    signal: CancellationSignal | undefined,
  ): Promise<Calls[Name]['result']> {
    if (this.#closed) throw this.#closed;
    throwIfAborted(signal);
    const id = this.#nextCall++;
    const cancel = (): void => this.#send({ type: 'cancel', id });
    try {
      const value = await new Promise<unknown>((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject });
        signal?.addEventListener('abort', cancel, { once: true });
        this.#send({ type: 'call', id, name, arguments: plainData(given) });
      });
      // The answer may have been on its way when the signal was aborted.
      if (signal?.aborted) {
        if (name === 'condition') this.#release(value as Calls['condition']['result']);
        throwIfAborted(signal);
      }
      return value as Calls[Name]['result'];
    } catch (error) {
      if (TesseraError.isInstance(error) && error.code === 'cancelled') throwIfAborted(signal);
      throw error;
    } finally {
      this.#waiting.delete(id);
      signal?.removeEventListener('abort', cancel);
    }
  }

  #send(message: ClientMessage): void {
    this.#port.send(message);
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
