import { preset } from '../../tsup.preset.js';

export default preset(
  { index: 'src/index.ts', redis: 'src/redis.ts', s3: 'src/s3.ts', testing: 'src/testing/index.ts' },
  { platform: 'node', target: 'node20' },
);
