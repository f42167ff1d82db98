import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runCommand } from './command.js';
import { copyGolden, editCases, type GoldenCopy, nudge, only } from './testing/golden-copy.js';

const copies: GoldenCopy[] = [];

async function patchifyOnly(): Promise<string> {
  const copy = await copyGolden({ A: 'A' });
  copies.push(copy);
  await editCases(join(copy.path, 'A'), only('patchify'));
  return copy.path;
}

async function run(...given: string[]): Promise<{ code: number; out: string[]; errors: string[] }> {
  const out: string[] = [];
  const errors: string[] = [];
  const code = await runCommand(given, { out: (line) => out.push(line), error: (line) => errors.push(line) });
  return { code, out, errors };
}

afterEach(async () => {
  await Promise.all(copies.splice(0).map((copy) => copy.remove()));
});

describe('the command line', () => {
  it('prints a line a case and a closing line, and exits with 0 where all pass', async () => {
    const { code, out, errors } = await run(await patchifyOnly());
    expect(code).toBe(0);
    expect(out).toEqual([
      expect.stringMatching(/^pass {2}A patchify/),
      expect.stringMatching(/^slowest: .* s; most memory: .* MiB$/),
      '1 passed, 0 failed',
    ]);
    expect(errors).toEqual([]);
  });

  it('exits with 1 where a case fails', async () => {
    const path = await patchifyOnly();
    await nudge(join(path, 'A/patchify.safetensors'), 'tokens', 3, 1);
    const { code, out } = await run(path);
    expect(code).toBe(1);
    expect([out.length, out[0], out.at(-1)]).toEqual([
      3,
      expect.stringMatching(/^FAIL {2}A patchify/),
      '0 passed, 1 failed',
    ]);
  });

  it('gives every check as JSON with --json, an infinite error spelled out', async () => {
    const path = await patchifyOnly();
    await writeFile(join(path, 'schedule.json'), '{"_timesteps_only": {"3": [0, 999]}}');
    const { code, out } = await run(path, '--json');
    expect(code).toBe(1);
    const { passed, failed, results } = JSON.parse(out.join('\n'));
    expect([passed, failed]).toEqual([1, 1]);
    expect(results[0].checks).toEqual([
      { what: 'timesteps of "3" (2 values recorded, 3 computed)', error: 'Infinity', tolerance: 0 },
    ]);
  });

  it('exits with 2 and says why where there is nothing to replay', async () => {
    const { code, out, errors } = await run(join(await patchifyOnly(), 'absent'));
    expect(code).toBe(2);
    expect(out).toEqual([]);
    expect(errors.join()).toContain("can't be read");
  });

  it.each([[[]], [['one', 'two']], [['--colour', 'x']]])(
    'exits with 2 and its usage for %j',
    async (given) => {
      const { code, errors } = await run(...given);
      expect(code).toBe(2);
      expect(errors.join()).toContain('npm run parity -- DIR');
    },
  );
});
