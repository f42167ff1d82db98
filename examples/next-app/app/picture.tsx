'use client';

import { generate, type ImageRgb } from '@tessera/core';
import { loadModel } from '@tessera/runtime-web';
import { useEffect, useRef, useState } from 'react';

/** A picture that is drawn while you watch. It stops, and frees the model, when it leaves the page. */
export function Picture({ classLabel, seed }: { classLabel: number; seed: number }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [status, setStatus] = useState('Loading the model');

  useEffect(() => {
    const stop = new AbortController();
    const { signal } = stop;
    const draw = async () => {
      const worker = new Worker(new URL('./model-worker.ts', import.meta.url), { type: 'module' });
      const wasmPaths = { wasm: '/ort/ort-wasm-simd-threaded.wasm', mjs: '/ort/ort-wasm-simd-threaded.mjs' };
      const model = await loadModel('/model/', { worker, wasmPaths, signal });
      try {
        const requests = [{ seed, input: { classLabel } }];
        for await (const event of generate({ model, requests, signal })) {
          if (event.type === 'step-end') {
            setStatus(`Step ${event.step + 1}: ${event.batch[0]!.plan.stage}`);
            show(canvas.current, await event.preview(0));
          } else if (event.type === 'image') {
            const threads = model.threads === 1 ? 'one thread' : `${model.threads} threads`;
            setStatus(`Drawn on ${model.device} with ${threads}`);
            show(canvas.current, event.image);
          }
        }
      } finally {
        await model.dispose();
      }
    };
    draw().catch((error: unknown) => {
      if (!signal.aborted) setStatus(error instanceof Error ? error.message : String(error));
    });
    return () => stop.abort();
  }, [classLabel, seed]);

  return (
    <figure>
      <canvas ref={canvas} width={64} height={64} style={{ width: '20rem', imageRendering: 'pixelated' }} />
      <figcaption>
        <output>{status}</output>
      </figcaption>
    </figure>
  );
}

function show(canvas: HTMLCanvasElement | null, { width, height, data }: ImageRgb) {
  if (!canvas) return;
  const pixels = new ImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    pixels.data.set([data[3 * i]!, data[3 * i + 1]!, data[3 * i + 2]!, 255], 4 * i);
  }
  Object.assign(canvas, { width, height }).getContext('2d')!.putImageData(pixels, 0, 0);
}
