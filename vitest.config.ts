import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Tests that drive a browser, a software GPU or a package manager, by project. Two files run at once, whichever project
 * they are of; those that measure gaps in an event loop run afterwards, one by one.
 */
const slow = {
  browser: [
    'packages/runtime-web/src/{files,given-model,memory,same-recipe,wasm,webgpu}.test.ts',
    'packages/runtime-node/src/webgpu.test.ts',
    'tools/parity/src/wasm-parity.test.ts',
    'tests/example-apps.test.ts',
    'tests/install-commands.test.ts',
  ],
  playground: ['apps/*/tests/**/!(responsiveness).test.ts'],
  responsiveness: ['{packages,apps}/**/responsiveness.test.ts'],
};
type SlowProject = keyof typeof slow;

/**
 * Files that leave their process as they found it share two processes: one of its own takes most of a small file's time.
 * The others test what is there once a process, or count what is left in it.
 */
const shared = [
  'packages/{ai-sdk,cli,convert,core,evaluate,evaluation-report,format,fts,gtr,onnx}/src/**/*.test.ts',
  'apps/*/src/**/*.test.ts',
];
const node = [
  'packages/*/src/**/*.test.ts',
  'tools/*/src/**/*.test.ts',
  'apps/*/src/**/*.test.ts',
  'tests/**/*.test.ts',
];

/** Those that take longest, though they are short: each computes on a GPU in software, or waits for a package manager. */
const longest = [
  'packages/runtime-web/src/webgpu.test.ts',
  'tests/example-apps.test.ts',
  'tests/install-commands.test.ts',
  'apps/playground/tests/browser/webgpu.test.ts',
];

/** Vitest starts the largest file first. One that takes a minute must not be the last, while the other core has nothing left. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = longest.findIndex((path) => moduleId.endsWith(path));
      return at === -1 ? longest.length : at;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

/** Started once before the first file of a project. */
const temporaryFolder = 'tests/support/temporary-folder.ts';
const sharedBrowser = [temporaryFolder, 'tests/support/shared-browser.ts'];
const sharedPage = 'packages/runtime-web/src/testing/host/shared-page.ts';
const sharedSite = 'apps/playground/tests/browser/shared-site.ts';
const globalSetup: Readonly<Record<SlowProject, readonly string[]>> = {
  browser: [...sharedBrowser, sharedPage],
  playground: [...sharedBrowser, sharedSite],
  responsiveness: [...sharedBrowser, sharedPage, sharedSite],
};

export default defineConfig({
  test: {
    testTimeout: 60_000,
    sequence: { sequencer: LongestFirst },
    // Model tests start worker threads of their own, and there may be only two cores.
    maxWorkers: 2,
    // A second, Vitest's default, is little on a busy machine for what a process or a browser has to do first.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      ...[
        // Those that share processes come last, and are short: neither core waits long for the other one's last file.
        { name: 'node', include: node, exclude: shared, isolate: true },
        { name: 'node-shared', include: shared, exclude: [], isolate: false },
      ].map(({ exclude, ...files }) => ({
        extends: true as const,
        test: {
          ...files,
          exclude: ['**/node_modules/**', ...exclude, ...Object.values(slow).flat()],
          globalSetup: [temporaryFolder],
          sequence: { groupOrder: 0 },
        },
      })),
      ...(Object.keys(slow) as SlowProject[]).map((name) => ({
        extends: true as const,
        test: {
          name,
          include: slow[name],
          exclude: ['**/node_modules/**'],
          globalSetup: [...globalSetup[name]],
          fileParallelism: name !== 'responsiveness',
          // A GPU in software on a busy machine takes minutes where it takes seconds on an idle one.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: name === 'responsiveness' ? 2 : 1 },
        },
      })),
    ],
  },
});
