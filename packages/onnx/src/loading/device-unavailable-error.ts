import { TesseraError } from '@tessera/core';

/** The device that was requested is not available. */
export class DeviceUnavailableError extends TesseraError {
  static override readonly code = 'device-unavailable';
  readonly device: string;
  readonly reason: string;

  /**
   * @param reason a sentence
   * @param lastResort the device that is always there
   */
  constructor(device: string, reason: string, lastResort: string) {
    super(
      DeviceUnavailableError.code,
      `Device "${device}" can't be used: ${reason} Use device "auto" to fall back to one that can, or "${lastResort}".`,
    );
    this.device = device;
    this.reason = reason;
  }
}
