import { defineConfig } from 'vitest/config';

/** Tests that drive a browser or a software GPU: each keeps both cores busy, and some measure gaps in an event loop. */
const alone = [
  'packages/runtime-web/src/*.test.ts',
  'packages/runtime-node/src/webgpu.test.ts',
  'apps/*/tests/**/*.test.ts',
  'tests/example-apps.test.ts',
];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    // Model tests start worker threads of their own, and there may be only two cores.
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          include: [
            'packages/*/src/**/*.test.ts',
            'tools/*/src/**/*.test.ts',
            'apps/*/src/**/*.test.ts',
            'tests/**/*.test.ts',
          ],
          exclude: ['**/node_modules/**', ...alone],
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: alone,
          exclude: ['**/node_modules/**'],
          fileParallelism: false,
          // A GPU in software on a busy machine takes minutes where it takes seconds on an idle one.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
