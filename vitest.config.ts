import { defineConfig } from 'vitest/config';

/**
 * Tests that drive a browser or a software GPU, by project, one file at a time: each keeps both cores busy, and some
 * measure gaps in an event loop.
 */
const alone = {
  browser: [
    'packages/runtime-web/src/{files,given-model,memory,same-recipe,wasm,webgpu}.test.ts',
    'packages/runtime-node/src/webgpu.test.ts',
    'tools/parity/src/wasm-parity.test.ts',
    'tests/example-apps.test.ts',
    'tests/install-commands.test.ts',
  ],
  playground: ['apps/*/tests/**/*.test.ts'],
};

/** Started once before the first file of a project. */
const globalSetup = {
  node: ['tests/support/temporary-folder.ts'],
  browser: [
    ...['tests/support/temporary-folder.ts', 'tests/support/shared-browser.ts'],
    'packages/runtime-web/src/testing/host/shared-page.ts',
  ],
  playground: [
    ...['tests/support/temporary-folder.ts', 'tests/support/shared-browser.ts'],
    'apps/playground/tests/browser/shared-site.ts',
  ],
};

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
          exclude: ['**/node_modules/**', ...Object.values(alone).flat()],
          globalSetup: globalSetup.node,
          sequence: { groupOrder: 0 },
        },
      },
      ...(['browser', 'playground'] as const).map((name, index) => ({
        extends: true as const,
        test: {
          name,
          include: alone[name],
          exclude: ['**/node_modules/**'],
          globalSetup: globalSetup[name],
          fileParallelism: false,
          // A GPU in software on a busy machine takes minutes where it takes seconds on an idle one.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 + index },
        },
      })),
    ],
  },
});
