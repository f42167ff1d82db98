import { preset } from '../../tsup.preset.js';

export default preset({ evidence: 'src/evidence.ts' }, { platform: 'node', target: 'node20' });
