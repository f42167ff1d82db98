import { preset } from '../../tsup.preset.js';

export default preset(
  {
    bench: 'src/bench.ts',
    'fleet-process': 'src/fleet-process.ts',
    'nitro-cell': 'src/nitro-cell.ts',
    prepare: 'src/prepare.ts',
    'prepare-nitro': 'src/prepare-nitro.ts',
    'table-cell': 'src/table-cell.ts',
  },
  { platform: 'node', target: 'node20' },
);
