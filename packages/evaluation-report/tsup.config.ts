import { preset } from '../../tsup.preset.js';

export default preset(
  {
    index: 'src/index.ts',
    'draw-worker': 'src/drawing/draw-worker.ts',
    display: 'src/display/index.ts',
    environment: 'src/environment.ts',
    files: 'src/files/index.ts',
  },
  { platform: 'node', target: 'node20' },
);
