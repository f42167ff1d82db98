import { preset } from '../../tsup.preset.js';

export default preset(
  {
    index: 'src/index.ts',
    testing: 'src/testing/index.ts',
    worker: 'src/worker.ts',
    'probe-process': 'src/probe-process.ts',
  },
  { platform: 'node', target: 'node20' },
);
