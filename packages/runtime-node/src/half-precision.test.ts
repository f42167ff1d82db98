import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { modelFolder } from '@tessera/model-tiny';
import { createMarModel, halfGraph, takesHalf, verifyReferenceSample } from '@tessera/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { readManifest } from './model-files.js';
import { sessionOptions } from './session-options.js';

// The CPU has no products in half precision: ONNX Runtime puts them back into single precision, and leaves the roundings out.
it('graphs in half precision are ones that ONNX Runtime takes, and the same but for rounding', async () => {
  const readFrom = async (path: string) => new Uint8Array(await readFile(new URL(path, modelFolder)));
  const manifest = await readManifest(fileURLToPath(modelFolder));
  const halved: string[] = [];
  const model = await createMarModel({
    manifest,
    dtype: 'fp16',
    Tensor,
    isInMemory: true,
    onProgress: () => undefined,
    readFile: readFrom,
    async createSession(name, { path }) {
      const graph = await readFrom(path);
      const inHalf = takesHalf(name, 'fp16');
      if (inHalf) halved.push(name);
      return InferenceSession.create(inHalf ? halfGraph(graph) : graph, sessionOptions('cpu', 2));
    },
  });
  const sample: unknown = JSON.parse(new TextDecoder().decode(await readFrom(manifest.parity!)));
  const { checks } = await verifyReferenceSample(model, sample, 'fp16', 'fp16');
  for (const { largestError, tolerance } of checks) expect(largestError).toBeLessThan(tolerance);
  expect(halved).toContain('transformer');
  expect(halved).not.toContain('embed');
  await model.dispose();
});
