import { readFile, realpath } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { ComponentName, ManifestComponent, Precision } from '@tessera/format';
import {
  assertMemory,
  assertReferenceSample,
  createMarModel,
  type GraphSession,
  halfGraph,
  type LoadProgress,
  type MarModel,
  precisionObstacle,
  serveLoading,
  startInPrecision,
  startOnDevice,
  takesHalf,
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
  const { model: started, ...place } = await startOnDevice({
    wanted: request.device,
    candidates: candidates(process.platform),
    start: (name) =>
      startInPrecision(
        {
          wanted: request.precision,
          obstacle: obstacle(request, name),
          reason: (error) => reasonFrom(name, error),
        },
        (precision) => start(request, name, precision, onProgress),
      ),
    reason: reasonFrom,
  });
  const { model, ...precision } = started;
  return { model, loaded: { manifest, dtype, threads, ...place, ...precision } };
});

function obstacle({ manifest, dtype }: NodeLoadRequest, device: Device): string | undefined {
  return device === 'cpu' ? 'The CPU computes in fp32.' : precisionObstacle(manifest, dtype);
}

async function start(
  request: NodeLoadRequest,
  device: Device,
  precision: Precision,
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
    threads: request.threads,
    onProgress,
    createSession: async (name, component) => createSession(request, name, component, device, precision),
    readFile: (path) => readFile(join(folder, path)),
  });
  if (!verify || device === 'cpu' || !manifest.parity) return model;
  try {
    // A driver that computes nonsense is worse than none.
    const sample = await readFile(join(folder, manifest.parity), 'utf8');
    await assertReferenceSample(model, sample, dtype, precision);
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
  precision: Precision,
): Promise<GraphSession> {
  const { graph, externalData } = await graphFiles(folder, component);
  const inHalf = takesHalf(name, precision);
  const options = {
    ...sessionOptions(
      graphDevice(name, device),
      graphThreads(name, manifest, threads),
      // Bytes have no folder that their weights could lie in.
      inHalf ? { model_external_initializers_file_folder_path: dirname(await realpath(graph)) } : {},
    ),
    ...externalData,
  };
  const halved = inHalf ? halfGraph(await readFile(graph)) : undefined;
  const session = await gate.pass(() =>
    halved ? InferenceSession.create(halved, options) : InferenceSession.create(graph, options),
  );
  return {
    run: (feeds, outputs) => gate.pass(() => session.run(feeds, outputs)),
    release: () => gate.pass(() => session.release()),
  };
}
