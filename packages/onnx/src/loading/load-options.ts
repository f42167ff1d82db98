import { InvalidOptionError } from '@tessera/core';
import { assertInteger } from '@tessera/core/model';
import { PRECISIONS, type Precision, type StorageType } from '@tessera/format';

/** How far loading has come, in bytes of all files together. The total is exact from the first report on. */
export interface LoadProgress {
  /**
   * `download`: arrived from the network; `check`: its hash is right, so it need not be fetched; `convert`: a checkpoint
   * becomes a model folder, in values of weights instead of bytes; `prepare`: sessions have been created from so many bytes,
   * and the next one is being created from `file`.
   */
  readonly phase: 'download' | 'check' | 'convert' | 'prepare';
  /** The file's path in the model folder. */
  readonly file: string;
  readonly loadedBytes: number;
  readonly totalBytes: number;
}

/** What every runtime's `loadModel` takes. */
export interface LoadOptions<Device extends string> {
  /**
   * Where to run. Only `auto` falls back; any other device that is not available throws `DeviceUnavailableError`.
   * @default 'auto'
   */
  readonly device?: Device | 'auto';
  /** Which stored variant of the weights to load. @default the manifest's first */
  readonly dtype?: StorageType | 'auto';
  /**
   * What matrix products and convolutions are computed in. `fp16` is used where the device has it, the weights are stored in
   * fp16, and the model's recorded sample comes out right; otherwise fp32 is, and `model.precisionReason` says why. A refinement that
   * chooses by the model's numbers, such as FTS, may then choose other tokens than in fp32.
   * @default 'fp32'
   */
  readonly precision?: Precision;
  /**
   * Whether a device other than the CPU has to reproduce the model's recorded sample before it is used: some drivers
   * compute nonsense without an error. Takes about as long as one step of a picture. A model without a recorded sample is
   * not checked.
   * @default true
   */
  readonly verify?: boolean;
  /** CPU threads, 1 to 1024. */
  readonly threads?: number;
  /** Headers of each request for a file, such as `{ authorization: 'Bearer …' }` for a private model. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Stops loading; the promise rejects with its reason. */
  readonly signal?: AbortSignal;
  /** What it throws, the promise rejects with. */
  readonly onProgress?: (progress: LoadProgress) => void;
}

/** The options that a worker needs, with their defaults, as plain data. */
export interface LoadRequest<Device extends string> {
  readonly device: Device | 'auto';
  readonly dtype: StorageType | 'auto';
  readonly precision: Precision;
  readonly verify: boolean;
}

/** @throws InvalidOptionError, the signal's reason */
export function loadRequest<Device extends string>(
  {
    device = 'auto',
    dtype = 'auto',
    precision = 'fp32',
    verify = true,
    threads,
    signal,
  }: LoadOptions<Device>,
  devices: readonly Device[],
): LoadRequest<Device> {
  signal?.throwIfAborted();
  if (device !== 'auto' && !devices.includes(device)) {
    throw new InvalidOptionError('device', device, `must be auto, ${devices.join(', ')}`);
  }
  if (!PRECISIONS.includes(precision)) {
    throw new InvalidOptionError('precision', precision, `must be ${PRECISIONS.join(' or ')}`);
  }
  if (threads !== undefined) assertInteger('threads', threads, 1, 1024);
  return { device, dtype, precision, verify };
}
