import { ancestralSampler, dpmSolverSampler, eulerSampler } from '@tessera/core';
import { exampleManifest } from '@tessera/format/testing';
import { expect, it } from 'vitest';
import { evaluateHead, type SampleRequest, sampleHead } from './head.js';
import type { MarGraphs } from './mar-graphs.js';

const { grid, widths } = exampleManifest();

/** A head whose ε depends on x, on the condition's first value and on the timestep; it counts its runs. */
function fakeGraphs(headWidth: number) {
  const manifest = { ...exampleManifest(), widths: { ...widths, head: headWidth } };
  const runs = { embed: 0, project: 0, modulate: 0, denoise: 0, release: 0 };
  const graphs = {
    rowsTogether: 1,
    manifest,
    async embed(timesteps: Float32Array) {
      runs.embed++;
      const timeEmbed = new Float32Array(timesteps.length * headWidth);
      for (const [i, timestep] of timesteps.entries()) timeEmbed[i * headWidth] = timestep;
      return { timeEmbed, sinusoid: new Float32Array() };
    },
    async project(z: { values: Float32Array }, rows: Int32Array) {
      runs.project++;
      const first = Array.from(rows, (row) => z.values[row * widths.decoder]!);
      return { first, release: () => runs.release++ };
    },
    async modulate(timeEmbed: Float32Array, { first }: { first: number[] }) {
      runs.modulate++;
      return { timeEmbed, first, release: () => runs.release++ };
    },
    async denoise(x: Float32Array, m: { timeEmbed: Float32Array; first: number[] }, step: number) {
      runs.denoise++;
      const count = x.length / grid.channels;
      const out = new Float32Array(m.first.length * 2 * grid.channels);
      for (const [row, first] of m.first.entries()) {
        for (let c = 0; c < grid.channels; c++) {
          const value = x[(row % count) * grid.channels + c]!;
          out[row * 2 * grid.channels + c] =
            0.9 * value + 0.01 * first + 1e-4 * m.timeEmbed[step * headWidth]!;
        }
      }
      return out;
    },
  };
  return { graphs: graphs as unknown as MarGraphs, runs };
}

function request(count: number, guided: boolean): SampleRequest {
  const rows = guided ? 2 * count : count;
  const values = Float32Array.from({ length: rows * widths.decoder }, (_, i) => Math.sin(i));
  return {
    count,
    z: { values } as unknown as SampleRequest['z'],
    // As z has them where images take turns: a token's rows needn't stand in order.
    rows: Int32Array.from({ length: rows }, (_, row) => rows - 1 - row),
    guidanceScale: new Float32Array(count).fill(2),
    coefficients: ancestralSampler()('ddim50'),
    prediction: 'epsilon',
    temperature: 1,
    noise: (row, step, out) => out.fill(Math.sin(row * 100 + step)),
  };
}

it('gives a token the same value in one block or in many', async () => {
  for (const guided of [false, true]) {
    const whole = fakeGraphs(8);
    // So wide a head that a modulation of all tokens would not fit in its budget.
    const blocks = fakeGraphs(400_000);
    const expected = await sampleHead(whole.graphs, request(9, guided));
    expect([...(await sampleHead(blocks.graphs, request(9, guided)))]).toEqual([...expected]);
    expect(whole.runs.project).toBe(1);
    expect(blocks.runs.project).toBeGreaterThan(1);
    expect(blocks.runs.embed).toBe(1);
  }
});

it('runs the denoiser once a diffusion step, and the modulation once for many of them where tokens are few', async () => {
  const { graphs, runs } = fakeGraphs(8);
  await sampleHead(graphs, request(2, true));
  expect(runs).toMatchObject({ embed: 1, project: 1, modulate: Math.ceil(50 / 32), denoise: 50 });
});

it('scales the noise that a run starts from by the temperature where its coefficients say so, and only there', async () => {
  const half = (factor: number): SampleRequest => ({
    ...request(3, false),
    coefficients: dpmSolverSampler()(1),
    temperature: 0.5,
    noise: (row, step, out) => out.fill(factor * Math.sin(row * 100 + step)),
  });
  const { graphs } = fakeGraphs(8);
  const scaledByHand = { ...half(0.5), temperature: 1 };
  expect(await sampleHead(graphs, half(1))).toEqual(await sampleHead(graphs, scaledByHand));
  const untempered = { ...half(1).coefficients, temperedStart: false };
  expect(await sampleHead(graphs, { ...half(1), coefficients: untempered })).toEqual(
    await sampleHead(graphs, { ...half(1), temperature: 1 }),
  );
});

it('stops between two runs when its signal is aborted', async () => {
  const { graphs, runs } = fakeGraphs(8);
  const controller = new AbortController();
  const inner = graphs.denoise.bind(graphs);
  Object.assign(graphs, {
    denoise: (...given: Parameters<MarGraphs['denoise']>) => {
      if (runs.denoise === 4) controller.abort(new Error('enough'));
      return inner(...given);
    },
  });
  await expect(sampleHead(graphs, { ...request(2, true), signal: controller.signal })).rejects.toThrow(
    'enough',
  );
  expect(runs.denoise).toBe(5);
});

it('frees every modulation and projection, also where sampling fails on the way', async () => {
  const { graphs, runs } = fakeGraphs(5);
  await sampleHead(graphs, request(3, true));
  expect(runs.release).toBe(runs.project + runs.modulate);
  const failing = Object.assign(graphs, { denoise: () => Promise.reject(new Error('lost')) });
  await expect(sampleHead(failing, request(3, true))).rejects.toThrow('lost');
  expect(runs.release).toBe(runs.project + runs.modulate);
});

it('does not give tokens that are no numbers', async () => {
  const { graphs } = fakeGraphs(8);
  Object.assign(graphs, {
    denoise: async (x: Float32Array) => new Float32Array(2 * x.length).fill(Number.NaN),
  });
  await expect(sampleHead(graphs, request(3, false))).rejects.toMatchObject({ code: 'non-finite' });
});

it('refuses coefficients without steps, which would leave nothing but noise', async () => {
  const { graphs, runs } = fakeGraphs(8);
  const empty = { ...request(3, false), coefficients: { name: 'none', steps: [] } };
  await expect(sampleHead(graphs, empty)).rejects.toThrow(
    'coefficients = none: this model needs a diffusion step',
  );
  expect(runs.embed).toBe(0);
});

it('evaluates the head on all tokens alike, in one block or in many', async () => {
  for (const guided of [false, true]) {
    const given = request(9, guided);
    const x = Float32Array.from({ length: 9 * grid.channels }, (_, i) => Math.cos(i));
    const whole = fakeGraphs(8);
    const blocks = fakeGraphs(400_000);
    const expected = await evaluateHead(whole.graphs, given, x, 321);
    expect(expected).toHaveLength(given.rows.length * 2 * grid.channels);
    expect(expected[0]).toBeCloseTo(
      0.9 * x[0]! + 0.01 * Math.sin((given.rows.length - 1) * widths.decoder) + 0.0321,
      5,
    );
    expect(await evaluateHead(blocks.graphs, given, x, 321)).toEqual(expected);
    expect(blocks.runs.project).toBeGreaterThan(1);
    expect(blocks.runs.release).toBe(blocks.runs.project + blocks.runs.modulate);
  }
});

it('takes a guidance scale for each step and token, in one block or in many', async () => {
  const given = request(9, true);
  const steps = given.coefficients.steps.length;
  const guidanceScale = Float32Array.from({ length: steps * 9 }, (_, i) => 1 + (i % 7) / 4);
  const whole = await sampleHead(fakeGraphs(8).graphs, { ...given, guidanceScale });
  const blocks = await sampleHead(fakeGraphs(400_000).graphs, { ...given, guidanceScale });
  expect(blocks).toEqual(whole);
  expect(whole).not.toEqual(await sampleHead(fakeGraphs(8).graphs, given));
});

it('refuses coefficients for a head of another prediction', async () => {
  const velocity = eulerSampler()(4, { prediction: 'velocity', trainSteps: 1000 });
  await expect(
    sampleHead(fakeGraphs(8).graphs, { ...request(2, false), coefficients: velocity }),
  ).rejects.toMatchObject({ code: 'unsupported-prediction' });
});
