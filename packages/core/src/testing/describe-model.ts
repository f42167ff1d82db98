import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ancestralSampler } from '../diffusion/ancestral-sampler.js';
import { ddimSampler } from '../diffusion/ddim-sampler.js';
import { dpmSolverSampler } from '../diffusion/dpm-solver-sampler.js';
import { heunSampler } from '../diffusion/heun-sampler.js';
import { runCoefficients } from '../diffusion/run-coefficients.js';
import { copyGrid, emptyGrid, type TokenGrid } from '../grid.js';
import type { ConditionImage, MaskedModel, TokenRequest } from '../model.js';
import { fillTokenNoise } from '../noise/token-noise.js';
import {
  abortable,
  largestDifference,
  lastPositions,
  partlyKnown,
  pick,
  tokenImage,
} from './model-fixtures.js';

export interface DescribeModelOptions<Input> {
  /** Two different things to draw, e.g. `[{ classLabel: 0 }, { classLabel: 1 }]`. */
  readonly inputs: readonly [Input, Input];
  /** The largest difference between a result in a batch and the same alone. @default 1e-4 */
  readonly tolerance?: number;
  /** Diffusion steps of the tokens that are sampled, 2 or more. @default 4 */
  readonly diffusionSteps?: number;
  /** Milliseconds for each test, and for loading the model. @default 120,000 */
  readonly timeout?: number;
}

/**
 * The conformance suite of a masked model, for vitest: shapes, independence of the batch, guidance, temperature, clamp,
 * tables of every sampler, repeatability, cancellation, release and disposal. Loads the model twice and runs it about
 * forty times on few tokens, so it suits real models too.
 *
 * @param make loads a model with a grid of ten tokens or more; called twice
 * @example
 * const inputs = [{ classLabel: 0 }, { classLabel: 1 }] as const;
 * describeModel('the embedded model', () => loadModel(modelFolder), { inputs });
 */
export function describeModel<Input>(
  name: string,
  make: () => MaskedModel<Input> | Promise<MaskedModel<Input>>,
  options: DescribeModelOptions<Input>,
): void {
  const { inputs, tolerance = 1e-4, diffusionSteps = 4, timeout = 120_000 } = options;
  const coefficients = ancestralSampler({ maxTimestep: 950 })(diffusionSteps);

  describe(`${name} is a masked model: it`, { timeout }, () => {
    let model: MaskedModel<Input>;
    beforeAll(async () => {
      model = await make();
    }, timeout);
    afterAll(async () => {
      await model.dispose();
    }, timeout);

    /** Two images in different states: one of them has not begun. */
    const images = (guided: boolean): readonly ConditionImage<Input>[] => [
      { grid: partlyKnown(model.shape), positions: lastPositions(model.shape, 5), input: inputs[0], guided },
      { grid: emptyGrid(model.shape), positions: lastPositions(model.shape, 3), input: inputs[1], guided },
    ];

    const someImage = (): ConditionImage<Input> => images(false)[0]!;

    async function sampled(
      conditioned: readonly ConditionImage<Input>[],
      { seed = 1, scale = 1, ...request }: { seed?: number; scale?: number } & Partial<TokenRequest> = {},
    ): Promise<readonly Float32Array[]> {
      const conditions = await model.condition({ batch: conditioned });
      try {
        const tokenImages = conditioned.map((image, i) => tokenImage(conditions[i]!, image, seed, scale));
        return await model.sampleTokens({ batch: tokenImages, coefficients, temperature: 1, ...request });
      } finally {
        for (const held of conditions) held.release();
      }
    }

    it('gives finite conditions [n, D] and tokens [m, C], an entry an image', async () => {
      const conditions = await model.condition({ batch: images(false) });
      expect(conditions.map((held) => held.count)).toEqual([5, 3]);
      expect(new Set(conditions.map((held) => held.width)).size).toBe(1);
      for (const held of conditions) {
        const rows = await held.read();
        expect(rows).toHaveLength(held.count * held.width);
        expect(rows.every(Number.isFinite)).toBe(true);
        held.release();
      }
      const tokens = await sampled(images(false));
      expect(tokens.map((rows) => rows.length)).toEqual([5 * model.shape.channels, 3 * model.shape.channels]);
      expect(tokens.every((rows) => rows.every(Number.isFinite))).toBe(true);
    });

    it('samples the rows it is asked for, as it would sample them among all', async () => {
      const [image] = images(false);
      const all = (await sampled([image!]))[0]!;
      const [held] = await model.condition({ batch: [image!] });
      const whole = tokenImage(held!, image!, 1, 1);
      const some = { ...whole, rows: Uint32Array.of(1, 4), positions: pick(image!.positions, [1, 4]) };
      const [tokens] = await model.sampleTokens({ batch: [some], coefficients, temperature: 1 });
      held!.release();
      const { channels } = model.shape;
      const expected = [...all.subarray(channels, 2 * channels), ...all.subarray(4 * channels, 5 * channels)];
      expect(largestDifference(tokens!, expected)).toBeLessThanOrEqual(tolerance);
    });

    it.each([false, true])('makes image k the same alone and in a batch (guided: %s)', async (guided) => {
      const scale = guided ? 2 : 1;
      const batch = await sampled(images(guided), { scale });
      for (const [k, image] of images(guided).entries()) {
        const [alone] = await sampled([image], { scale });
        expect(largestDifference(alone!, batch[k]!)).toBeLessThanOrEqual(tolerance);
      }
    });

    it('holds unconditional rows where guidance was asked for, and there only', async () => {
      const [plain] = await model.condition({ batch: images(false).slice(0, 1) });
      expect(plain!.guided).toBe(false);
      await expect(plain!.readUnconditional()).rejects.toMatchObject({ code: 'conditions-unguided' });
      const [guided] = await model.condition({ batch: images(true).slice(0, 1) });
      expect(guided!.guided).toBe(true);
      const conditional = await guided!.read();
      const unconditional = await guided!.readUnconditional();
      expect(unconditional).toHaveLength(conditional.length);
      expect(largestDifference(conditional, unconditional)).toBeGreaterThan(tolerance);
      expect(largestDifference(conditional, await plain!.read())).toBeLessThanOrEqual(tolerance);
      plain!.release();
      guided!.release();
    });

    it('samples the same at guidance scale 1 as without guidance, and otherwise at scale 3', async () => {
      const [plain] = await sampled(images(false).slice(0, 1));
      const [one] = await sampled(images(true).slice(0, 1), { scale: 1 });
      const [three] = await sampled(images(true).slice(0, 1), { scale: 3 });
      expect(largestDifference(plain!, one!)).toBeLessThanOrEqual(tolerance);
      expect(largestDifference(plain!, three!)).toBeGreaterThan(tolerance);
    });

    it('draws what it is conditioned on', async () => {
      const [image] = images(false);
      const [first] = await sampled([image!]);
      const [second] = await sampled([{ ...image!, input: inputs[1] }]);
      expect(largestDifference(first!, second!)).toBeGreaterThan(0);
    });

    it('samples the same tokens from the same seed and others from another', async () => {
      const first = await sampled(images(false));
      const again = await sampled(images(false));
      const other = await sampled(images(false), { seed: 2 });
      expect(again).toEqual(first);
      expect(largestDifference(first[0]!, other[0]!)).toBeGreaterThan(tolerance);
    });

    it('heeds the temperature, in the noise of each step and in what a tempered chain starts from', async () => {
      const images = [someImage()];
      for (const sampler of [ancestralSampler({ maxTimestep: 950 }), dpmSolverSampler()]) {
        const request = { coefficients: sampler(diffusionSteps) };
        const [warm] = await sampled(images, request);
        const [cold] = await sampled(images, { ...request, temperature: 0 });
        expect(largestDifference(warm!, cold!)).toBeGreaterThan(tolerance);
      }
      const cold = { coefficients: dpmSolverSampler()(diffusionSteps), temperature: 0 };
      const [first] = await sampled(images, cold);
      const [other] = await sampled(images, { ...cold, seed: 2 });
      expect(largestDifference(first!, other!)).toBeLessThanOrEqual(tolerance);
    });

    it('adds noise of a fixed deviation where the coefficients say so', async () => {
      const noisy = { coefficients: ddimSampler({ eta: 1, maxTimestep: 950 })(diffusionSteps) };
      const still = { coefficients: ddimSampler({ maxTimestep: 950 })(diffusionSteps) };
      const [noised] = await sampled([someImage()], noisy);
      const [without] = await sampled([someImage()], still);
      expect(largestDifference(noised!, without!)).toBeGreaterThan(tolerance);
    });

    it('keeps x0 within the clamp, one of all channels or one of each', async () => {
      const limit = 0.1;
      const limits = Array.from({ length: model.shape.channels }, () => limit);
      const coefficients = dpmSolverSampler()(diffusionSteps);
      const [free] = await sampled([someImage()], { coefficients });
      expect(largestDifference(free!, new Float32Array(free!.length))).toBeGreaterThan(limit);
      for (const clamp of [limit, limits]) {
        // Its last step is x0 itself.
        const [tokens] = await sampled([someImage()], { coefficients, clamp });
        expect(largestDifference(tokens!, new Float32Array(tokens!.length))).toBeLessThanOrEqual(
          limit + 1e-6,
        );
      }
    });

    it('takes a guidance scale for each step and row', async () => {
      const [image] = images(true);
      const [held] = await model.condition({ batch: [image!] });
      const token = tokenImage(held!, image!, 1, 1);
      const { length: steps } = coefficients.steps;
      const scaled = async (guidanceScale: number | Float32Array) =>
        (
          await model.sampleTokens({ batch: [{ ...token, guidanceScale }], coefficients, temperature: 1 })
        )[0]!;
      const count = token.rows.length;
      const mixed = Float32Array.from({ length: steps * count }, (_, i) => (i % count === 0 ? 3 : 1));
      const { channels } = model.shape;
      const tokens = await scaled(mixed);
      const [three, one] = [await scaled(3), await scaled(1)];
      held!.release();
      const expected = [...three.subarray(0, channels), ...one.subarray(channels)];
      expect(largestDifference(tokens, expected)).toBeLessThanOrEqual(tolerance);
      expect(largestDifference(three, one)).toBeGreaterThan(tolerance);
    });

    it.each([false, true])(
      'evaluates its head as it samples by coefficients (guided: %s)',
      async (guided) => {
        if (!model.evaluateHead) return;
        const batch = images(guided);
        const run = heunSampler({ maxTimestep: 950 })(diffusionSteps);
        const expected = await sampled(batch, { scale: 2, coefficients: run });
        const conditions = await model.condition({ batch });
        const { channels } = model.shape;
        for (const [k, image] of batch.entries()) {
          const token = tokenImage(conditions[k]!, image, 1, 2);
          const count = token.rows.length;
          const tokens = await runCoefficients({
            coefficients: run,
            prediction: 'epsilon',
            count,
            channels,
            guidanceScale: new Float32Array(count).fill(2),
            temperature: 1,
            noise: (step, out) => fillTokenNoise([token], step, channels, out),
            async evaluate(x, index) {
              const { timestep } = run.steps[index]!;
              const others = conditions.map((held, i) =>
                i === k
                  ? { conditions: held, rows: token.rows, x }
                  : { conditions: held, rows: Uint32Array.of(0), x: new Float32Array(channels) },
              );
              return (await model.evaluateHead!({ batch: others, timestep }))[k]!;
            },
          });
          expect(largestDifference(tokens, expected[k]!)).toBeLessThanOrEqual(tolerance);
        }
        for (const held of conditions) held.release();
      },
    );

    it('pays heed to known tokens and none to the values at masked positions', async () => {
      const [image] = images(false);
      const read = async (grid: TokenGrid) => {
        const [held] = await model.condition({ batch: [{ ...image!, grid }] });
        const rows = await held!.read();
        held!.release();
        return rows;
      };
      const masked = copyGrid(image!.grid);
      const known = copyGrid(image!.grid);
      const { channels } = model.shape;
      for (const [i] of masked.tokens.entries()) {
        const isKnown = image!.grid.known[Math.floor(i / channels)];
        if (isKnown) known.tokens[i] = -known.tokens[i]!;
        else masked.tokens[i] = 1e3;
      }
      const rows = await read(image!.grid);
      expect(largestDifference(await read(masked), rows)).toBeLessThanOrEqual(tolerance);
      expect(largestDifference(await read(known), rows)).toBeGreaterThan(0);
    });

    it('changes nothing that it is given', async () => {
      const given = images(true);
      const before = given.map(({ grid, positions }) => [copyGrid(grid), positions.slice()]);
      await sampled(given, { scale: 2 });
      await model.decode(given.map(({ grid }) => grid));
      expect(given.map(({ grid, positions }) => [grid, positions])).toEqual(before);
    });

    it('decodes grids, unfinished ones too, to pictures of one size, whatever masked tokens hold', async () => {
      const grid = partlyKnown(model.shape);
      const noisy = copyGrid(grid);
      for (const [i] of noisy.tokens.entries()) {
        if (!noisy.known[Math.floor(i / model.shape.channels)]) noisy.tokens[i] = 1e3;
      }
      const [picture, same, empty] = await model.decode([grid, noisy, emptyGrid(model.shape)]);
      expect(picture!.data).toHaveLength(picture!.width * picture!.height * 3);
      expect(same).toEqual(picture);
      expect([empty!.width, empty!.height]).toEqual([picture!.width, picture!.height]);
      expect(empty!.data).not.toEqual(picture!.data);
    });

    it('encodes its pictures, if it can encode, to grids in which all is known', async () => {
      if (!model.encode) return;
      const pictures = await model.decode([partlyKnown(model.shape)]);
      const grids = await model.encode(pictures);
      expect(grids).toHaveLength(pictures.length);
      for (const grid of grids) {
        expect(grid.shape).toEqual(model.shape);
        expect(copyGrid(grid).known.every((known) => known === 1)).toBe(true);
      }
    });

    it('reads released conditions no more; releasing twice does no harm', async () => {
      const [held] = await model.condition({ batch: images(false).slice(0, 1) });
      held!.release();
      held!.release();
      await expect(held!.read()).rejects.toMatchObject({ code: 'conditions-released' });
    });

    it('rejects with the reason of a signal that is aborted before or during the call', async () => {
      const reason = new Error('enough');
      const { signal: aborted, abort } = abortable();
      abort(reason);
      const [image] = images(false);
      await expect(model.condition({ batch: [image!], signal: aborted })).rejects.toBe(reason);
      await expect(model.decode([image!.grid], { signal: aborted })).rejects.toBe(reason);
      await expect(sampled([image!], { signal: aborted })).rejects.toBe(reason);

      const [held] = await model.condition({ batch: [image!] });
      const during = abortable();
      const call = model.sampleTokens({
        batch: [tokenImage(held!, image!, 1, 1)],
        coefficients,
        temperature: 1,
        signal: during.signal,
      });
      during.abort(reason);
      await expect(call).rejects.toBe(reason);
      held!.release();
      expect(await sampled([image!])).toHaveLength(1);
    });

    it('rejects every call after it was disposed of; disposing of it twice does no harm', async () => {
      const other = await make();
      const [held] = await other.condition({ batch: images(false).slice(0, 1) });
      const [image] = images(false);
      await other.dispose();
      await other.dispose();
      const disposed = { code: 'model-disposed' };
      await expect(other.condition({ batch: [image!] })).rejects.toMatchObject(disposed);
      await expect(other.decode([image!.grid])).rejects.toMatchObject(disposed);
      const request = { batch: [tokenImage(held!, image!, 1, 1)], coefficients, temperature: 1 };
      await expect(other.sampleTokens(request)).rejects.toMatchObject(disposed);
      expect(await sampled([image!])).toHaveLength(1);
    });
  });
}
