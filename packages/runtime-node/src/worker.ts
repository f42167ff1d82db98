import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { ComponentName, ManifestComponent } from '@tessera/format';
import {
  assertMemory,
  assertReferenceSample,
  createMarModel,
  type GraphSession,
  type LoadProgress,
  type MarModel,
  serveLoading,
  startOnDevice,
} from '@tessera/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { candidates, type Device, reasonFrom } from './devices.js';
import { graphFiles } from './graph-files.js';
import type { NodeLoadRequest } from './load-model.js';
import { NativeGate } from './native-gate.js';
import { graphDevice, graphThreads, sessionOptions } from './session-options.js';

const gate = new NativeGate(workerData as SharedArrayBuffer);
// The addon is loaded.
gate.leave();

const port = {
  send: (message: unknown) => parentPort!.postMessage(message),
  listen: (listener: (message: unknown) => void) => void parentPort!.on('message', listener),
};

serveLoading<NodeLoadRequest, Device>(port, async (request, { onProgress }) => {
  const { manifest, dtype, threads } = request;
  const { model, device, fallbacks } = await startOnDevice({
    wanted: request.device,
    candidates: candidates(process.platform),
    start: (name) => start(request, name, onProgress),
    reason: reasonFrom,
  });
  return { model, loaded: { manifest, dtype, threads, device, fallbacks } };
});

async function start(
  request: NodeLoadRequest,
  device: Device,
  onProgress: (progress: LoadProgress) => void,
): Promise<MarModel> {
  const { folder, manifest, dtype, verify } = request;
  // A container may have less than the machine; 0 stands for no limit.
  const limit = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  if (device === 'cpu') assertMemory(manifest, dtype, Math.min(limit, totalmem()), 'this machine');
  const model = await createMarModel({
    manifest,
    dtype,
    Tensor,
    isInMemory: device === 'cpu',
    onProgress,
    createSession: async (name, component) => createSession(request, name, component, device),
    readFile: (path) => readFile(join(folder, path)),
  });
  if (!verify || device === 'cpu' || !manifest.parity) return model;
  try {
    // A driver that computes nonsense is worse than none.
    await assertReferenceSample(model, await readFile(join(folder, manifest.parity), 'utf8'), dtype);
    return model;
  } catch (error) {
    await model.dispose();
    throw error;
  }
}

async function createSession(
  { folder, manifest, threads }: NodeLoadRequest,
  name: ComponentName,
  component: ManifestComponent,
  device: Device,
): Promise<GraphSession> {
  const options = sessionOptions(graphDevice(name, device), graphThreads(name, manifest, threads));
  const { graph, externalData } = await graphFiles(folder, component);
  const session = await gate.pass(() => InferenceSession.create(graph, { ...options, ...externalData }));
  return {
    run: (feeds, outputs) => gate.pass(() => session.run(feeds, outputs)),
    release: () => gate.pass(() => session.release()),
  };
}
