import { InferenceSession } from 'onnxruntime-node';
import { DEVICES, reasonFrom } from './devices.js';
import type { DeviceReport } from './probe-devices.js';
import { sessionOptions } from './session-options.js';

/** The smallest model there is, y = identity(x), x a float [1]: ONNX protobuf, IR 8, opset 17. */
const IDENTITY = Buffer.from(
  'CAg6PgoQCgF4EgF5IghJZGVudGl0eRIIaWRlbnRpdHlaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggBQgQKABAR',
  'base64',
);

const reports: DeviceReport[] = [];
for (const device of DEVICES) {
  try {
    const session = await InferenceSession.create(IDENTITY, sessionOptions(device, 1));
    await session.release();
    reports.push({ device, available: true });
  } catch (error) {
    reports.push({ device, available: false, reason: reasonFrom(device, error) });
  }
}
process.send?.(reports);
