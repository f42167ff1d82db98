import { preset } from '../../tsup.preset.js';

export default preset({
  index: 'src/index.ts',
  diffusion: 'src/diffusion/index.ts',
  model: 'src/model-entry.ts',
  scheduling: 'src/scheduling/index.ts',
  testing: 'src/testing/index.ts',
  'testing/suites': 'src/testing/suites.ts',
});
