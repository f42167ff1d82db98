import { availableParallelism } from 'node:os';
import { InferenceSession } from 'onnxruntime-node';
import { DEVICES, type Device, reasonFrom } from './devices.js';
import { sessionOptions } from './session-options.js';

/** Whether a device can be used here, and if not, why. */
export interface DeviceReport {
  readonly device: Device;
  readonly available: boolean;
  readonly reason?: string;
}

/** The smallest model there is, y = identity(x), x a float [1]: ONNX protobuf, IR 8, opset 17. */
const IDENTITY = Uint8Array.from(
  atob('CAg6PgoQCgF4EgF5IghJZGVudGl0eRIIaWRlbnRpdHlaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggBQgQKABAR'),
  (character) => character.charCodeAt(0),
);

/** Tries every device by creating a session on it. Blocks the event loop for the time that takes. */
export async function probeDevices(): Promise<readonly DeviceReport[]> {
  const reports: DeviceReport[] = [];
  for (const device of DEVICES) {
    try {
      const session = await InferenceSession.create(IDENTITY, sessionOptions(device, availableParallelism()));
      await session.release();
      reports.push({ device, available: true });
    } catch (error) {
      reports.push({ device, available: false, reason: reasonFrom(device, error) });
    }
  }
  return reports;
}
