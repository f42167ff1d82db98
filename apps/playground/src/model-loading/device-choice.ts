import type { Capabilities, Device, Precision } from '@tessera/runtime-web';

export const DEVICE_CHOICES = {
  auto: 'Automatic',
  webgpu: 'WebGPU',
  'webgpu-fp16': 'WebGPU, half precision',
  wasm: 'WebAssembly',
  'wasm-1': 'WebAssembly, one thread',
} as const;

export type DeviceChoice = keyof typeof DEVICE_CHOICES;

export function isDeviceChoice(text: string | null): text is DeviceChoice {
  return text !== null && Object.hasOwn(DEVICE_CHOICES, text);
}

/** Which build of ONNX Runtime to load, and what to ask of it. */
export interface DevicePlan {
  /** WebGPU's build also has WebAssembly, and is twice as large. */
  readonly build: Device;
  readonly device: Device | 'auto';
  readonly precision?: Precision;
  readonly threads?: number;
}

export function devicePlan(choice: DeviceChoice, { webgpu }: Pick<Capabilities, 'webgpu'>): DevicePlan {
  switch (choice) {
    case 'webgpu':
      return { build: 'webgpu', device: 'webgpu' };
    case 'webgpu-fp16':
      return { build: 'webgpu', device: 'webgpu', precision: 'fp16' };
    case 'wasm':
      return { build: 'wasm', device: 'wasm' };
    case 'wasm-1':
      return { build: 'wasm', device: 'wasm', threads: 1 };
    case 'auto':
      return webgpu.available && !webgpu.software
        ? { build: 'webgpu', device: 'auto' }
        : { build: 'wasm', device: 'wasm' };
  }
}
