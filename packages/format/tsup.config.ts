import { preset } from '../../tsup.preset.js';

export default preset({
  index: 'src/index.ts',
  png: 'src/png.ts',
  testing: 'src/testing/example-manifest.ts',
});
