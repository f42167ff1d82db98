import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What others than the tests leave: the test runner, browsers, Node, and onnxruntime. */
const FOREIGN =
  /^([\w-]{21}|\.?org\.chromium\..*|playwright.*|\.com\.google\..*|node-compile-cache|\.ses|mat-debug-\d+\.log)$/;

/**
 * Vitest's globalSetup of every project: the tests of a run have a temporary folder of their own. It is removed when the
 * process ends, after every project's teardown, whichever project set it up. A test that has left something there fails
 * the run.
 */
export default function setup(): void {
  // The projects of one run share it.
  if (process.env.TESSERA_TEST_FOLDER !== undefined) return;
  const folder = mkdtempSync(join(tmpdir(), 'tessera-tests-'));
  process.env.TESSERA_TEST_FOLDER = folder;
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = folder;
  process.once('exit', () => {
    const left = readdirSync(folder).filter((name) => !FOREIGN.test(name));
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    if (left.length === 0) return;
    console.error(`Tests have left these in the temporary folder: ${left.join(', ')}`);
    process.exitCode = 1;
  });
}
