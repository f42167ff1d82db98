import { preset } from '../../tsup.preset.js';

export default preset(
  { index: 'src/index.ts', webgpu: 'src/webgpu.ts', wasm: 'src/wasm.ts', worker: 'src/worker.ts' },
  { platform: 'browser' },
);
