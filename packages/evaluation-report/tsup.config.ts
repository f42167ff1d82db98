import { preset } from '../../tsup.preset.js';

export default preset(
  {
    index: 'src/index.ts',
    display: 'src/display/index.ts',
    environment: 'src/environment.ts',
    files: 'src/files/index.ts',
  },
  { platform: 'node', target: 'node20' },
);
