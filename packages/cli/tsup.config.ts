import { preset } from '../../tsup.preset.js';

export default preset(
  { index: 'src/index.ts', tessera: 'src/tessera.ts' },
  { platform: 'node', target: 'node20' },
);
