import { describe, expect, it } from 'vitest';
import {
  generateImages,
  type MaskedModel,
  type NoiseSource,
  type Refinement,
  refine,
  type SamplingPolicy,
  type StepPlan,
  stepPlan,
} from '../packages/core/src/index.js';
import { ConditionRows, cosineMask, memoryTensor } from '../packages/core/src/model-entry.js';
import { checkPolicy } from '../packages/core/src/testing/check-policy.js';

const SHAPE = { height: 8, width: 8, channels: 1 };
const CATEGORIES = 12;
const STEPS = 6;

const gumbel = (noise: NoiseSource) => -Math.log(-Math.log(noise.uniform()));

/** The category drawn from logits [N] at a position, by keyed Gumbel noise, and its log-probability. */
function drawCategory(logits: Float32Array, position: number, noise: NoiseSource) {
  const source = noise.fork('category', position);
  const scores = logits.map((logit) => logit + gumbel(source));
  const category = scores.indexOf(scores.reduce((a, b) => Math.max(a, b)));
  const normalizer = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
  return { category, confidence: logits[category]! - normalizer };
}

function rowOf(z: Float32Array, row: number, width: number): Float32Array {
  return z.subarray(row * width, (row + 1) * width);
}

/** z are the logits of the categories; a token is the index of its category. */
function categoricalModel(): MaskedModel<null> {
  return {
    shape: SHAPE,
    async condition({ batch }) {
      return batch.map(({ grid, positions }) => {
        const sum = grid.tokens.reduce((total, token, p) => total + (grid.known[p] ? token + 1 : 0), 0);
        const logits = Float32Array.from({ length: positions.length * CATEGORIES }, (_, i) => {
          const position = positions[Math.floor(i / CATEGORIES)]!;
          return 3 * Math.sin(sum + 1.3 * position * ((i % CATEGORIES) + 1));
        });
        const shape = { count: positions.length, guided: false };
        return ConditionRows.split(memoryTensor(logits), CATEGORIES, [shape])[0]!;
      });
    },
    async sampleTokens({ batch }) {
      return Promise.all(
        batch.map(async ({ conditions, rows, positions, noise }) => {
          const z = await conditions.read();
          return Float32Array.from(
            rows,
            (row, i) => drawCategory(rowOf(z, row, conditions.width), positions[i]!, noise).category,
          );
        }),
      );
    },
    async decode(grids) {
      return grids.map(({ tokens }) => ({
        width: 8,
        height: 8,
        data: Uint8Array.from({ length: 3 * tokens.length }, (_, i) => tokens[Math.floor(i / 3)]! * 20),
      }));
    },
    async dispose() {},
  };
}

/** Keeps the tokens of greatest log-probability + annealed Gumbel noise; the others stay masked. */
function keepMostConfident(gumbelTemperature: number): Refinement {
  return async (plan, { step, conditions, noise }) => {
    const z = await conditions.read();
    const left = Math.floor(
      (plan.positions.length * cosineMask((step + 1) / STEPS)) / cosineMask(step / STEPS),
    );
    const annealed = gumbelTemperature * (1 - (step + 1) / STEPS);
    const scored = Array.from(plan.positions, (position, row) => {
      const { confidence } = drawCategory(rowOf(z, row, conditions.width), position, noise);
      return { position, score: confidence + annealed * gumbel(noise.fork('confidence', step, position)) };
    }).sort((a, b) => b.score - a.score);
    const kept = scored.slice(0, Math.max(1, scored.length - left)).map(({ position }) => position);
    return stepPlan(plan.stage, kept, 1);
  };
}

function maskgit(gumbelTemperature: number): SamplingPolicy {
  const everythingMasked: SamplingPolicy = {
    name: 'maskgit',
    init: () => null,
    step: (state, { grid }) => [
      stepPlan(
        'parallel',
        [...grid.known.keys()].filter((p) => !grid.known[p]),
        1,
      ),
      state,
    ],
  };
  return refine(everythingMasked, keepMostConfident(gumbelTemperature));
}

/** A categorical model draws at once: its tables have no steps. */
const noDiffusion = () => ({ name: 'none', steps: [] });

/** Records what a policy's steps had to choose from and what they kept. */
interface Step {
  readonly kept: readonly number[];
  readonly drawn: ReadonlyMap<number, { category: number; confidence: number }>;
}

async function drawn(gumbelTemperature: number, seeds: readonly number[] = [1]) {
  const steps: Step[] = [];
  const watch: Refinement = async (plan, { conditions, noise }) => {
    const z = await conditions.read();
    const entries = Array.from(plan.positions, (position, row) => {
      return [position, drawCategory(rowOf(z, row, conditions.width), position, noise)] as const;
    });
    steps.push({ kept: [], drawn: new Map(entries) });
    return plan;
  };
  const keep = (plan: StepPlan) => {
    steps[steps.length - 1] = { ...steps.at(-1)!, kept: [...plan.positions] };
    return plan;
  };
  const plain = maskgit(gumbelTemperature);
  const policy = { ...plain, refinements: [watch, ...plain.refinements!, keep] };
  const images = seeds.map((seed) => ({ seed, input: null }));
  const result = await generateImages({
    model: categoricalModel(),
    requests: images,
    policy,
    sampler: noDiffusion,
  });
  return { steps, images: result };
}

describe('a MaskGIT-type policy of confidence over a categorical model', () => {
  it('decodes everything in the planned number of steps, by the cosine schedule', async () => {
    const { steps, images } = await drawn(4.5);
    expect(steps).toHaveLength(STEPS);
    const counts = steps.map(({ kept }) => kept.length);
    expect(counts.reduce((sum, count) => sum + count)).toBe(64);
    const masked = counts.map((_, k) => 64 - counts.slice(0, k + 1).reduce((sum, count) => sum + count));
    for (const [k, left] of masked.entries()) {
      expect(Math.abs(left - 64 * cosineMask((k + 1) / STEPS))).toBeLessThan(3);
    }
    expect([...images[0]!.grid.known]).toEqual(Array(64).fill(1));
  });

  it('keeps the most confident tokens where no Gumbel noise is added', async () => {
    const { steps } = await drawn(0);
    for (const { kept, drawn } of steps.slice(0, -1)) {
      const dropped = [...drawn.keys()].filter((position) => !kept.includes(position));
      const least = Math.min(...kept.map((position) => drawn.get(position)!.confidence));
      const most = Math.max(...dropped.map((position) => drawn.get(position)!.confidence));
      expect(dropped.length).toBeGreaterThan(0);
      expect(least).toBeGreaterThanOrEqual(most);
    }
  });

  it('leaves what it drops masked, to be planned again', async () => {
    const { steps } = await drawn(4.5);
    for (const [k, { kept, drawn }] of steps.slice(0, -1).entries()) {
      const dropped = [...drawn.keys()].filter((position) => !kept.includes(position));
      expect([...steps[k + 1]!.drawn.keys()]).toEqual(dropped);
    }
  });

  it('commits the categories that the confidence was judged by', async () => {
    const { steps, images } = await drawn(4.5);
    const { tokens } = images[0]!.grid;
    for (const { kept, drawn } of steps) {
      for (const position of kept) expect(tokens[position]).toBe(drawn.get(position)!.category);
    }
    expect(new Set(tokens).size).toBeGreaterThan(6);
  });

  it('explores by annealed Gumbel noise: other tokens are kept than by confidence alone', async () => {
    const [noisy, greedy] = [await drawn(4.5), await drawn(0)];
    expect(noisy.steps[0]!.kept).not.toEqual(greedy.steps[0]!.kept);
  });

  it('gives an image the same tokens alone and in a batch', async () => {
    const [alone, batch] = [await drawn(4.5, [2]), await drawn(4.5, [1, 2, 3])];
    expect(batch.images[1]!.grid).toEqual(alone.images[0]!.grid);
    expect(batch.images[0]!.grid).not.toEqual(alone.images[0]!.grid);
  });

  it('has no fault that checkPolicy finds, though every grid but 8×8 is new to it', async () => {
    expect(await checkPolicy(maskgit(4.5), { sampler: noDiffusion })).toEqual([]);
  });
});
