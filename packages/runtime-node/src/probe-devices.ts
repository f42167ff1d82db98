import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { TesseraError } from '@tessera/core';
import type { Device } from './devices.js';

/** Whether a device can be used here, and if not, why. */
export interface DeviceReport {
  readonly device: Device;
  readonly available: boolean;
  readonly reason?: string;
}

/**
 * Tries every device by creating a session on it. In a process of its own: drivers print to the terminal as they please,
 * and a broken one may take the process down.
 *
 * @example
 * for (const { device, reason } of await probeDevices()) console.log(device, reason ?? 'can be used');
 */
export function probeDevices(): Promise<readonly DeviceReport[]> {
  return new Promise((resolve, reject) => {
    const script = fileURLToPath(new URL('./probe-process.js', import.meta.url));
    const child = fork(script, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [] });
    child.on('message', (reports) => resolve(reports as readonly DeviceReport[]));
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      const how = signal ? `was ended by ${signal}` : `ended with ${code}`;
      reject(
        new TesseraError(
          'probe-failed',
          `The process that tries the devices ${how}: a driver may be broken.`,
        ),
      );
    });
  });
}
