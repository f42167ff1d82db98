import { preset } from '../../tsup.preset.js';

export default preset(
  { 'feature-network': 'src/feature-network.ts' },
  { platform: 'node', target: 'node20' },
);
