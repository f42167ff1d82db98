import type { Env, InferenceSessionFactory, TensorConstructor } from 'onnxruntime-web/wasm';

/** The part of `onnxruntime-web/webgpu` and `onnxruntime-web/wasm` that is used. */
export interface OrtModule {
  readonly env: Env;
  readonly InferenceSession: InferenceSessionFactory;
  readonly Tensor: TensorConstructor;
}

/**
 * Where the page serves ONNX Runtime's two files: `ort-wasm-simd-threaded.asyncify.{wasm,mjs}` for
 * `onnxruntime-web/webgpu`, `ort-wasm-simd-threaded.{wasm,mjs}` for `onnxruntime-web/wasm`. Both are needed: threads load
 * the second.
 */
export interface WasmPaths {
  readonly wasm: string | URL;
  readonly mjs: string | URL;
}
