import { preset } from '../../tsup.preset.js';

export default preset(
  {
    bench: 'src/bench.ts',
    'fleet-process': 'src/fleet-process.ts',
    prepare: 'src/prepare.ts',
    'table-cell': 'src/table-cell.ts',
  },
  { platform: 'node', target: 'node20' },
);
