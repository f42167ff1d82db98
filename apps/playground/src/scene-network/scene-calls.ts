import type { ImageRgb } from '@tessera/core';

/** What a network finds in a picture. */
export interface SceneReport {
  /** Each kind of thing once, e.g. `fox` and `2 × blue apple`. */
  readonly found: readonly string[];
  /** Whether that is what the prompt asks for; undefined where it names nothing that the network knows. */
  readonly met?: boolean;
}

/** What the worker of the network answers. */
export interface SceneCalls {
  readonly look: {
    readonly arguments: {
      /** The network's folder, an absolute address. */
      readonly folder: string;
      readonly wasmPaths: { readonly wasm: string; readonly mjs: string };
      readonly prompt: string;
      readonly images: readonly ImageRgb[];
    };
    /** One an image. */
    readonly result: readonly SceneReport[];
  };
}
