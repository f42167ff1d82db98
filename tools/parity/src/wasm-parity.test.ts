import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser } from '../../../tests/support/browser.js';
import { type CaseResult, runParity } from './run-parity.js';
import { copyGolden, editCases, only } from './testing/golden-copy.js';
import { openWasmSessions, type WasmSessions } from './testing/wasm-sessions.js';

/** A set that whoever runs the tests names. */
const given = process.env.TESSERA_GOLDEN;

describeInBrowser('in a browser, on WebAssembly, graphs compute recorded numbers', () => {
  let sessions: WasmSessions;
  beforeAll(async () => {
    sessions = await openWasmSessions();
  });
  afterAll(() => sessions?.close());

  const replay = async (set: string) => {
    const { results } = await runParity(set, () => {}, sessions.open);
    const failed = results.filter(({ passed }) => !passed);
    const said = ({ directory, kind, name, problem, checks }: CaseResult) =>
      `${directory} ${kind} ${name}: ${problem ?? checks.map(({ what, error }) => `${what} ${error}`).join()}`;
    expect(failed.map(said)).toEqual([]);
    expect(sessions.runs).toBeGreaterThan(results.length);
    return results;
  };

  it('of the transformer, the head and the autoencoder of the recorded set', async () => {
    const copy = await copyGolden({ A: 'A', vae: 'vae' });
    try {
      // Whole runs call the head thousands of times, and each call crosses from here to the browser.
      await editCases(join(copy.path, 'A'), only('forward', 'denoise', 'patchify'));
      expect(await replay(copy.path)).toHaveLength(9);
    } finally {
      await copy.remove();
    }
  });

  it.skipIf(given === undefined)(
    'of the set that TESSERA_GOLDEN names',
    async () => {
      const results = await replay(resolve(given!));
      console.log(`${results.length} cases passed in ${sessions.runs} runs of graphs`);
    },
    1_800_000,
  );
});
