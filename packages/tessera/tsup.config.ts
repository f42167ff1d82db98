import { preset } from '../../tsup.preset.js';

export default preset({
  node: 'src/node.ts',
  browser: 'src/browser.ts',
  'webgpu-worker': 'src/webgpu-worker.ts',
  'wasm-worker': 'src/wasm-worker.ts',
  testing: 'src/testing.ts',
});
