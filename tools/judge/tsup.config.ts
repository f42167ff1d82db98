import { preset } from '../../tsup.preset.js';

export default preset({ judge: 'src/judge.ts' }, { platform: 'node', target: 'node20', dts: false });
