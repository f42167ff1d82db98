import { TesseraError } from '@tessera/core';
import type { Manifest } from '@tessera/format';
import { unpackError } from '@tessera/onnx';
import type { Loaded, LoadProgress, LoadRequest, WorkerMessage } from './worker-messages.js';

/**
 * Has a worker that calls `serveWorker` load a model and serve it at `request.port`.
 *
 * @throws the signal's reason, what `onProgress` or the worker threw, or `worker-ended`
 */
export function loadInWorker(
  worker: Worker,
  request: LoadRequest,
  { signal, onProgress }: { readonly signal?: AbortSignal; onProgress?(progress: LoadProgress): void },
): Promise<{ readonly manifest: Manifest; readonly loaded: Loaded }> {
  return new Promise((resolve, reject) => {
    const listeners = new AbortController();
    const whileLoading = { signal: listeners.signal };
    const settle = (act: () => void): void => {
      listeners.abort();
      act();
    };
    signal?.addEventListener('abort', () => settle(() => reject(signal.reason)), whileLoading);
    worker.addEventListener('error', (event) => settle(() => reject(endedWorker(event))), whileLoading);
    worker.addEventListener(
      'message',
      ({ data }: MessageEvent<WorkerMessage>) => {
        if (data.type === 'progress') {
          try {
            onProgress?.(data.progress);
          } catch (error) {
            settle(() => reject(error));
          }
        } else if (data.type === 'ready') settle(() => resolve(data));
        else if (data.type === 'failed') settle(() => reject(unpackError(data.error)));
      },
      whileLoading,
    );
    worker.postMessage(request, [request.port]);
  });
}

/** What an `error` event of a worker means: its script could not be loaded, or threw. */
export function endedWorker(event: ErrorEvent): TesseraError {
  // A script that can't be loaded gives an event without any message.
  const because = event.message
    ? `ended: ${event.message}`
    : 'could not be started: its script is missing, or is an HTML page, or, on a cross-origin isolated page, is served without Cross-Origin-Embedder-Policy: require-corp';
  return new TesseraError('worker-ended', `The model's worker ${because}. Load the model again.`);
}
