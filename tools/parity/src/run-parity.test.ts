import { mkdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { holds } from './compare.js';
import { type CaseResult, type ParitySummary, runParity } from './run-parity.js';
import { copyGolden, editCases, GOLDEN, type GoldenCopy, nudge, only } from './testing/golden-copy.js';

const copies: GoldenCopy[] = [];

/** A copy of the recorded MAR model's directory with some of its cases. */
async function marCopy(...kinds: readonly string[]): Promise<{ root: string; model: string }> {
  const copy = await copyGolden({ A: 'A' });
  copies.push(copy);
  const model = join(copy.path, 'A');
  await editCases(model, only(...kinds));
  return { root: copy.path, model };
}

const failures = ({ results }: ParitySummary): readonly CaseResult[] =>
  results.filter((each) => !each.passed);
const labels = (results: readonly CaseResult[]) => results.map(({ kind, name }) => `${kind} ${name}`);

/** The names of a failed case's failed checks. */
const failedChecks = (result: CaseResult | undefined) =>
  result?.checks.filter((check) => !holds(check)).map(({ what }) => what);

afterEach(async () => {
  await Promise.all(copies.splice(0).map((copy) => copy.remove()));
});

describe('the recorded set', () => {
  it('passes every case, and each case makes a check', async () => {
    const reported: CaseResult[] = [];
    const summary = await runParity(GOLDEN, (result) => reported.push(result));
    expect(failures(summary)).toEqual([]);
    expect(summary.passed).toBe(28);
    expect(reported).toEqual(summary.results);
    expect(summary.results.every(({ checks }) => checks.length > 0)).toBe(true);
    expect(new Set(summary.results.map(({ kind }) => kind)).size).toBe(14);
  });

  it('passes under other names of directories and cases, in another order', async () => {
    const copy = await copyGolden({
      A: 'some/where/else',
      vae: 'pictures',
      'schedule.json': 'some/tables.json',
    });
    copies.push(copy);
    await editCases(join(copy.path, 'some/where/else'), (cases) =>
      cases.map((each, i) => ({ ...each, name: `case-${i}` })).reverse(),
    );
    const summary = await runParity(copy.path);
    expect(failures(summary)).toEqual([]);
    expect(summary.passed).toBe(23);
    expect(summary.results.map(({ kind }) => kind)).toContain('schedule');
  });
});

describe('a runner that can fail', () => {
  it('reports what a changed weight of the transformer changes, and nothing else', async () => {
    const { root, model } = await marCopy('forward', 'denoise', 'patchify', 'cfg1');
    await nudge(join(model, 'weights.safetensors'), 'decoder_blocks.0.mlp.fc1.bias', 5, 0.05);
    const summary = await runParity(root);
    expect(labels(failures(summary))).toEqual(['forward forward', 'generate cfg1']);
    expect(failedChecks(failures(summary)[0])).toContain('z.half.class');
    expect(failedChecks(failures(summary)[0])).not.toContain('enc.half.class');
  });

  it('reports a guidance scale that differs by more than 1e-6', async () => {
    const { root, model } = await marCopy('linear3');
    await editCases(model, ([first]) => {
      const iterations = first!.iterations as { cfg_iter: number }[];
      const changed = iterations.map((each, k) =>
        k === 3 ? { ...each, cfg_iter: each.cfg_iter + 2e-6 } : each,
      );
      return [{ ...first, iterations: changed }];
    });
    const [result] = failures(await runParity(root));
    // Two images, one check each.
    expect(failedChecks(result)).toEqual(['iteration 3: cfg_iter', 'iteration 3: cfg_iter']);
  });

  it('reports an iteration that decodes another number of tokens', async () => {
    const { root, model } = await marCopy('linear3');
    await editCases(model, ([first]) => [{ ...first, num_iter: 9 }]);
    const [result] = failures(await runParity(root));
    expect(failedChecks(result)).toContain('iterations');
    expect(failedChecks(result)).toContain('iteration 0: n_pred_per_sample');
  });

  it.each([
    ['forward', 'forward.safetensors', 'z.most.class', 3e-5, 'z.most.class'],
    ['denoise', 'denoise.safetensors', 'cfg.out.3.0', 8e-5, 'cfg.out.3.0 ε'],
    ['sample_diffusion', 'sample_100.safetensors', 'out.cfg1.0.temp0.9', 2e-4, 'out.cfg1.0.temp0.9'],
    ['ddim', 'ddim_ddim50.safetensors', 'out.cfg3.0', 2e-4, 'out.cfg3.0'],
    ['iter1', 'gen_iter1.safetensors', 'latents', 4e-3, 'latents of image 0'],
    ['staged', 'gen_staged.safetensors', 'tokens', 4e-3, 'tokens of image 0'],
    ['patchify', 'patchify.safetensors', 'latent', 1e-3, 'latent'],
  ])('reports a changed expectation of %s by its name', async (kind, file, tensor, amount, what) => {
    const { root, model } = await marCopy(kind);
    await nudge(join(model, file), tensor, 0, amount);
    const failed = failures(await runParity(root));
    expect(failed).toHaveLength(1);
    expect(failedChecks(failed[0])).toContain(what);
  });

  it('reports recorded noise that is not the noise of the recorded result', async () => {
    const { root, model } = await marCopy('cfg1');
    await nudge(join(model, 'gen_noise.safetensors'), 'cond', 18 * 2 * 64 * 16, 0.5);
    expect(failedChecks(failures(await runParity(root))[0])).toContain('tokens of image 0');
  });

  it('reports a changed number of a schedule, and a changed timestep', async () => {
    const { root } = await marCopy('patchify');
    const schedules = JSON.parse(await readFile(join(GOLDEN, 'schedule.json'), 'utf8'));
    schedules['50'].posterior_variance[7] *= 1 + 1e-7;
    schedules._timesteps_only['13'][1]++;
    await writeFile(join(root, 'schedule.json'), JSON.stringify(schedules));
    expect(failedChecks(failures(await runParity(root))[0])).toEqual([
      '"50" posterior_variance',
      'timesteps of "13"',
    ]);
  });

  it('reports bytes of a picture that differ by more than rounding', async () => {
    const copy = await copyGolden({ vae: 'vae' });
    copies.push(copy);
    await editCases(join(copy.path, 'vae'), only('decode'));
    await nudge(join(copy.path, 'vae/decode_rect.safetensors'), 'image_u8_hwc_rgb', 100, 2);
    const failed = failures(await runParity(copy.path));
    expect(labels(failed)).toEqual(['decode decode_rect']);
    expect(failedChecks(failed[0])).toEqual(['image_u8_hwc_rgb']);
  });
});

describe('a damaged set', () => {
  it('fails the case whose file is missing or cut off with a sentence, and goes on', async () => {
    const { root, model } = await marCopy('forward', 'denoise', 'patchify');
    await rm(join(model, 'forward.safetensors'));
    await truncate(join(model, 'denoise.safetensors'), 5000);
    const summary = await runParity(root);
    expect(labels(failures(summary))).toEqual(['forward forward', 'denoise denoise']);
    expect(summary.passed).toBe(1);
    for (const { problem } of failures(summary)) expect(problem).toMatch(/safetensors.*\.$/);
  });

  it('fails every case that needs a model whose weights are missing, and passes the others', async () => {
    const { root, model } = await marCopy('forward', 'denoise', 'patchify');
    await rm(join(model, 'weights.safetensors'));
    expect(labels(failures(await runParity(root)))).toEqual(['forward forward', 'denoise denoise']);
  });

  it('fails a case of a kind that it does not know', async () => {
    const { root, model } = await marCopy('patchify');
    await editCases(model, (cases) => [...cases, { kind: 'rotate', file: 'x.safetensors' }]);
    const summary = await runParity(root);
    expect(labels(failures(summary))).toEqual(['rotate x']);
    expect(failures(summary)[0]!.problem).toContain('"rotate" is not known');
  });

  it('fails a case that lacks a parameter, naming it', async () => {
    const { root, model } = await marCopy('linear3');
    await editCases(model, ([first]) => {
      const { num_iter: _, ...rest } = first!;
      return [rest];
    });
    expect(failures(await runParity(root))[0]!.problem).toContain('"num_iter" is missing');
  });

  it('fails a model directory without a list of cases, and a list that is not JSON', async () => {
    const { root, model } = await marCopy('patchify');
    await mkdir(join(root, 'B'));
    await writeFile(join(root, 'B/cases.json'), '{"cases": [');
    await rename(join(model, 'cases.json'), join(model, 'other.txt'));
    const problems = failures(await runParity(root)).map(({ problem }) => problem);
    expect(problems).toEqual([
      expect.stringContaining('cases.json is missing'),
      expect.stringContaining('is not JSON'),
    ]);
  });

  it('refuses a directory without golden data, and one that is not there', async () => {
    const { root } = await marCopy('patchify');
    await mkdir(join(root, 'empty'));
    await expect(runParity(join(root, 'empty'))).rejects.toThrow('holds no golden data');
    await expect(runParity(join(root, 'absent'))).rejects.toThrow("can't be read");
  });
});
