import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { ComponentName, Manifest } from '@tessera/format';
import {
  type GraphSession,
  type GraphSessions,
  MarGraphs,
  MarModel,
  neededFiles,
  packError,
  referenceProblem,
  serveModel,
  verifyReferenceSample,
} from '@tessera/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { type Device, DeviceUnavailableError, type Fallback, reasonFrom } from './devices.js';
import { checkFile, readManifest } from './model-files.js';
import { NativeGate } from './native-gate.js';
import { graphDevice, graphThreads, sessionOptions } from './session-options.js';
import type { WorkerMessage, WorkerRequest } from './worker-messages.js';
import { nodePort } from './worker-port.js';

const request = workerData as WorkerRequest;
const gate = new NativeGate(request.gate);
// The addon is loaded.
gate.leave();
const say = (message: WorkerMessage): void => parentPort!.postMessage(message);

async function load(): Promise<void> {
  const manifest = await readManifest(request.folder);
  for (const file of neededFiles(manifest, request.dtype)) {
    await checkFile(request.folder, file);
    say({ type: 'checked', path: file.path, bytes: file.bytes });
  }
  const fallbacks: Fallback[] = [];
  for (const device of request.devices) {
    try {
      const model = await createModel(manifest, device);
      serveModel(nodePort(request.port), model);
      say({ type: 'ready', device, fallbacks });
      return;
    } catch (error) {
      if (device === 'cpu') throw error;
      const reason = reasonFrom(device, error);
      if (!request.fallBack) throw new DeviceUnavailableError(device, reason);
      fallbacks.push({ device, reason });
    }
  }
}

async function createModel(manifest: Manifest, device: Device): Promise<MarModel> {
  const variant = manifest.variants.find((each) => each.dtype === request.dtype)!;
  const sessions: Record<string, GraphSession> = {};
  try {
    for (const [name, part] of Object.entries(variant.components)) {
      if (!part) continue;
      const graph = name as ComponentName;
      const threads = graphThreads(graph, manifest, request.threads);
      const options = sessionOptions(graphDevice(graph, device), threads);
      const path = join(request.folder, part.path);
      const session = await gate.pass(() => InferenceSession.create(path, options));
      sessions[name] = {
        run: (feeds, outputs) => gate.pass(() => session.run(feeds, outputs)),
        release: () => gate.pass(() => session.release()),
      };
    }
    const model = new MarModel(new MarGraphs(manifest, sessions as GraphSessions, Tensor));
    // A driver that computes nonsense is worse than none.
    if (request.verify && device !== 'cpu' && manifest.parity) {
      const sample: unknown = JSON.parse(await readFile(join(request.folder, manifest.parity), 'utf8'));
      const problem = referenceProblem(await verifyReferenceSample(model, sample));
      if (problem) throw new Error(problem);
    }
    return model;
  } catch (error) {
    await Promise.all(Object.values(sessions).map((session) => session.release()));
    throw error;
  }
}

load().catch((error: unknown) => say({ type: 'failed', error: packError(error) }));
