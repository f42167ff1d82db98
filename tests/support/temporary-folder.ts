import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What others than the tests leave: the test runner, browsers, Node, and onnxruntime. */
const FOREIGN =
  /^([\w-]{21}|\.?org\.chromium\..*|playwright.*|\.com\.google\..*|node-compile-cache|\.ses|mat-debug-\d+\.log)$/;

/**
 * Vitest's globalSetup of every project: the tests of a run have a temporary folder of their own, which goes at its end. A
 * test that has left something there fails the run.
 */
export default function setup(): (() => void) | undefined {
  // The projects of one run share it.
  if (process.env.TESSERA_TEST_FOLDER !== undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'tessera-tests-'));
  process.env.TESSERA_TEST_FOLDER = folder;
  for (const name of ['TMPDIR', 'TEMP', 'TMP']) process.env[name] = folder;
  return () => {
    const left = readdirSync(folder).filter((name) => !FOREIGN.test(name));
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    if (left.length === 0) return;
    console.error(`Tests have left these in the temporary folder: ${left.join(', ')}`);
    process.exitCode = 1;
  };
}
