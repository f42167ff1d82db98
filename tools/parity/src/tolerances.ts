import type { DiffusionStep, SamplerCoefficients } from '@tessera/core/diffusion';

/**
 * Largest absolute deviations that are accepted. Each lies well above what float32 arithmetic in another order of
 * summation gives (measured: in parentheses), and well below what the smallest mistake of its kind gives.
 */
export const TOLERANCES = {
  /** z and encoder rows (4e-6; LayerNorm with ε 1e-5 for 1e-6: 4e-5). */
  conditions: 2e-5,
  /** The same with LightGen's cross-attention and resized positions (1.4e-5; LayerNorm with ε 1e-5: 1.2e-4). */
  textConditions: 3e-5,
  /** The head and its parts (6e-6). */
  denoise: 5e-5,
  /** A head chain that starts at moderate noise (3e-6). */
  chain: 1e-4,
  /** An ancestral chain whose first step amplifies errors of ε (1e-4; noise at t = 0 not suppressed: 2e-2). */
  amplifyingAncestral: 1e-3,
  /** The same for DDIM, which carries the first step's ε on (3e-3). */
  amplifyingDdim: 2e-2,
  /** Whole runs: tokens and latents (7e-4; temperature on the initial noise: 2e-2). */
  run: 2e-3,
  /** LazyMAR's scores of rows (1e-6; K for V: 46 rows are chosen differently). */
  likeness: 5e-6,
  /** A chain of the head that reuses (5e-6; no warm-up: 1e-3). */
  lazyHead: 5e-5,
  /** z of a run whose head reuses, which amplifies little (1e-5; the cosine of whole rows for the mean over heads: 3e-3). */
  lazyConditions: 1e-4,
  /** Its tokens (2e-5; the same mistake: 4e-3). */
  lazyRun: 2e-4,
  /** z of a run whose head doesn't, which amplifies (4e-5); its tokens are those of any run. */
  lazyPlainConditions: 3e-4,
  /** A guidance scale, as recorded with each iteration. */
  guidanceScale: 1e-6,
  /** Planes of a picture, and moments (8e-6). */
  autoencoder: 5e-5,
  /** Bytes of a picture: two that round differently are one apart. */
  byte: 1,
  /** Relative; 1 − ᾱ near ᾱ = 1 and its logarithms lose up to 9 digits of float64. */
  schedule: 1e-8,
  /** cos and sin of t · frequency; one unit in a frequency's last place gives up to 6e-5. */
  sinusoid: 1e-6,
  exact: 0,
} as const;

/** How many bytes of a case may round differently, of so many: three, and in large pictures one of ten thousand. */
export function differingBytes(count: number): number {
  return Math.max(3, Math.ceil(count / 10_000));
}

/** Guided ε is (1 − s)·ε_u + s·ε_c, so that errors of the head weigh 2s − 1 times as much; measured at a scale of 3. */
export function guidedTolerance(scale: number, tolerance: number = TOLERANCES.denoise): number {
  return tolerance * Math.max(1, (2 * scale - 1) / 5);
}

/** Up to here a chain's first step is harmless, and {@link TOLERANCES.chain} holds. 100 steps: 318. */
const MODERATE_AMPLIFICATION = 400;
/** That of 20 steps, for which the looser tolerances and those of runs were measured; more gets more, in proportion. */
const MEASURED_AMPLIFICATION = 1700;

/** How much larger an error of ε is in the x after the step. From t = 999 √(1/ᾱ − 1) is 20,291. */
function amplification({ xStart, update }: DiffusionStep): number {
  return Math.abs(xStart.output * update.xStart);
}

function beyondMeasured({ steps }: SamplerCoefficients): number {
  return Math.max(1, amplification(steps[0]!) / MEASURED_AMPLIFICATION);
}

/** The tolerance of a chain's result. A chain of few steps from t = 999 is ill-conditioned in its first step. */
export function chainTolerance(
  sampler: 'ancestral' | 'ddim',
  table: SamplerCoefficients,
  scale: number,
): number {
  if (amplification(table.steps[0]!) <= MODERATE_AMPLIFICATION)
    return guidedTolerance(scale, TOLERANCES.chain);
  const { amplifyingAncestral, amplifyingDdim } = TOLERANCES;
  const measured = sampler === 'ddim' ? amplifyingDdim : amplifyingAncestral;
  return guidedTolerance(scale, measured * beyondMeasured(table));
}

/** The tolerance of the tokens of a run whose tokens were sampled with these tables. */
export function runTolerance(tables: readonly SamplerCoefficients[]): number {
  return TOLERANCES.run * Math.max(...tables.map(beyondMeasured));
}

/** The tolerance of x after a single step: what the head's own tolerance makes of it. */
export function stepTolerance(step: DiffusionStep, scale: number): number {
  return guidedTolerance(scale, Math.max(TOLERANCES.chain, TOLERANCES.denoise * amplification(step)));
}
