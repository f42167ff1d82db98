import type { Capabilities, LoadedModel } from '@tessera/runtime-web';
import type { DeviceChoice } from './device-choice.js';

/** What the user should know about how the model runs; nothing that keeps it from running. Each with what to do. */
export function modelNotes(
  model: Pick<LoadedModel, 'device' | 'precisionReason' | 'threads' | 'fallbacks' | 'cacheError'>,
  capabilities: Capabilities,
  choice: DeviceChoice,
): readonly string[] {
  const notes: string[] = [];
  if (choice === 'auto' && model.device === 'wasm') {
    const reason = capabilities.webgpu.reason ?? model.fallbacks[0]?.reason;
    const software = capabilities.webgpu.software ? 'It would be computed by the processor here.' : undefined;
    notes.push(
      `WebGPU is not used${reason || software ? `: ${reason ?? software}` : '.'} The processor draws instead, which takes longer; a browser with WebGPU on a graphics card is faster.`,
    );
  }
  if (model.precisionReason !== undefined) {
    notes.push(`Half precision is not used: ${model.precisionReason}`);
  }
  if (model.device === 'wasm' && choice !== 'wasm-1' && !capabilities.crossOriginIsolated.available) {
    notes.push(
      'Only one thread is used, because the page is not cross-origin isolated. Reload it once: after the first visit it brings the headers for that itself. Whoever serves it can send Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.',
    );
  }
  if (model.cacheError !== undefined) {
    notes.push(
      'The model could not be kept for the next visit and stays in memory only. Free some disk space, or leave private browsing, and reload.',
    );
  }
  return notes;
}
