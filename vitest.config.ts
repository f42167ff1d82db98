import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'tools/*/src/**/*.test.ts',
      'apps/*/{src,tests}/**/*.test.ts',
      'tests/**/*.test.ts',
    ],
    testTimeout: 60_000,
    // Model tests start worker threads of their own, and there may be only two cores.
    maxWorkers: 2,
  },
});
