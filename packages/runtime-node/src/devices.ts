import { firstSentence } from '@tessera/onnx';

/** Where a model can run. */
export type Device = 'cpu' | 'cuda' | 'tensorrt' | 'webgpu' | 'dml' | 'coreml';

export const DEVICES: readonly Device[] = ['cpu', 'cuda', 'tensorrt', 'webgpu', 'dml', 'coreml'];

/**
 * What `auto` tries, in order. WebGPU is among it on macOS only: elsewhere its adapter may be a software one, which is
 * hundreds of times slower than the CPU and can't be told apart.
 */
export function candidates(platform: NodeJS.Platform): readonly Device[] {
  switch (platform) {
    case 'darwin':
      return ['webgpu', 'cpu'];
    case 'win32':
      return ['cuda', 'dml', 'cpu'];
    default:
      return ['cuda', 'cpu'];
  }
}

/** ONNX Runtime's own words, made a sentence that says what is missing. */
export function reasonFrom(device: Device, error: unknown): string {
  const words = error instanceof Error ? error.message : String(error);
  if (/backend not found|not (supported|available|enabled) in this build/i.test(words)) {
    return `onnxruntime-node has no ${device} provider for this system.`;
  }
  if (/failed to load shared library|cannot open shared object/i.test(words)) {
    return "its provider library is not installed. onnxruntime-node ships without CUDA's; see its documentation.";
  }
  if (/requires f16 but the device does not support it/.test(words))
    return 'The adapter has no half precision.';
  const adapter = /Failed to get a WebGPU adapter: ([^\n]*)/.exec(words);
  if (adapter)
    return `no WebGPU adapter was found (${adapter[1]!.replace(/\.$/, '')}): there is no driver for one.`;
  return firstSentence(words);
}
