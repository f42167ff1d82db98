import type { Capabilities, Device, Fallback, LoadModelOptions, LoadProgress } from '@tessera/runtime-web';

/** A way of loading a model that can be sent to the page. */
export interface PageLoadOptions
  extends Omit<LoadModelOptions, 'worker' | 'signal' | 'onProgress' | 'wasmPaths'> {
  /** Address of the model folder. */
  readonly folder: string;
  /** Which of the two worker entries to use. */
  readonly build: Device;
  /** Part of the worker's address, which it reads: see `worker-changes.ts`. */
  readonly changes?: string;
  /** Address of the worker. @default the one of the build */
  readonly workerAddress?: string;
  /** Addresses of ONNX Runtime's files. @default the right ones */
  readonly wasmPaths?: { readonly wasm: string; readonly mjs: string } | 'none';
  /** Stops loading after that many reports of progress. */
  readonly abortAfter?: number;
}

/** A loaded model, as far as it can be sent from the page. */
export interface PageModel {
  readonly id: number;
  readonly manifest: string;
  readonly device: Device;
  readonly dtype: string;
  readonly precision: string;
  readonly precisionReason: string | undefined;
  readonly threads: number;
  readonly fallbacks: readonly Fallback[];
  readonly cacheError: string | undefined;
  readonly progress: readonly LoadProgress[];
}

/** A failure on the page, as plain data. */
export interface PageFailure {
  readonly code: string | undefined;
  readonly name: string;
  readonly message: string;
}

export interface DrawOptions {
  readonly seed: number;
  /** For models that take text, the seed of random features. */
  readonly classLabel: number;
  readonly steps: number;
  readonly diffusionSteps: number;
  /** Whether a refinement reads the conditions, which changes nothing. */
  readonly readConditions?: boolean;
  /** Whether the input is a proxy, as user interfaces wrap what they watch. */
  readonly reactive?: boolean;
  /** Stops after that many steps. */
  readonly abortAfterStep?: number;
  /** Loses the GPU after that many steps. */
  readonly loseAfterStep?: number;
  /** Tokens to start from. */
  readonly start?: { readonly tokens: Float32Array; readonly known: Uint8Array };
}

export interface Drawing {
  readonly tokens: Float32Array;
  readonly known: Uint8Array;
  readonly pixels: Uint8Array;
  /** One entry a step. */
  readonly plan: readonly {
    readonly stage: string;
    readonly positions: readonly number[];
    readonly diffusionSteps: readonly number[];
  }[];
  /** Milliseconds, the longest time in which the page could not do anything else. */
  readonly largestGap: number;
  readonly failure?: PageFailure;
}

/** What the test page can do, at `globalThis.testPage`. */
export interface PageApi {
  load(options: PageLoadOptions): Promise<PageModel | PageFailure>;
  /** Messages of a `RemoteModel` outside to the model served on the page; it answers through `receive`. */
  send(id: number, messages: readonly unknown[]): void;
  draw(id: number, options: DrawOptions): Promise<Drawing>;
  /** Disposes of a model, and says how a call under way and one after that fail. */
  dispose(id: number): Promise<readonly PageFailure[]>;
  probe(): Promise<Capabilities>;
  /** The first numbers that keyed noise gives on the page, and in a model's worker. */
  noise(id: number, seed: number, count: number): Promise<{ page: Float32Array; worker: Float32Array }>;
  /** Bytes that the page's workers have in use, and those of page and workers together. */
  memory(): Promise<{ readonly workers: number; readonly all: number }>;
}

/** What the tests give the page. */
export interface HostApi {
  receive(id: number, message: unknown): void;
}
