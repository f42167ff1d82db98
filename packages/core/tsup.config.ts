import { preset } from '../../tsup.preset.js';

export default preset({
  index: 'src/index.ts',
  diffusion: 'src/diffusion/index.ts',
  'check-policy': 'src/testing/check-policy.ts',
  testing: 'src/testing/index.ts',
});
