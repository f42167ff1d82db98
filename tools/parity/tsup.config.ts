import { preset } from '../../tsup.preset.js';

export default preset({ parity: 'src/parity.ts' }, { platform: 'node', target: 'node20' });
