import { assertInteger, assertNumber, InvalidOptionError } from './errors.js';
import type { ReuseContext, ReuseSchedule } from './reuse.js';

const PARTS = ['guidance', 'tokens', 'head'] as const;
export type LazyPart = (typeof PARTS)[number];

export interface LazyMarOptions {
  /**
   * The steps that compute everything: `published`, 0 … 5 and then each ninth; `stages`, the first of each stage; or each n-th;
   * or those before `warmUp`, and from there each `interval`-th. @default 'published'
   */
  readonly refresh?: 'published' | 'stages' | number | { readonly warmUp: number; readonly interval: number };
  /**
   * What is taken from earlier steps. `guidance`: guided steps between make no unconditional pass; `tokens`: the transformer's
   * keys and values; `head`: its blocks' results at earlier diffusion steps. @default all three
   */
  readonly parts?: readonly LazyPart[];
  /** The head runs in full at each so-many-th diffusion step, counted from the last. @default 7 */
  readonly headInterval?: number;
  /**
   * The share of the decoder's rows that are computed behind the cut: `published`, a table by the step's number, made for 64
   * steps; `progress`, the table stretched over as many as there are; one share; or a function. @default 'published'
   */
  readonly keptShare?: 'published' | 'progress' | number | ((step: ReuseContext) => number);
  /** Rows kept besides the step's tokens and those of the step before, at least. @default 15 */
  readonly extraRows?: number;
}

const PUBLISHED_REFRESH = { warmUp: 5, interval: 9 };
/** Beyond this share of its steps, the head's outer blocks run at each. */
const HEAD_WARM_UP = 0.9;
/** Steps before which a share holds, of 64. */
const PUBLISHED_SHARES = [
  [20, 1],
  [21, 0.6],
  [25, 0.5],
  [30, 0.4],
  [35, 0.15],
  [40, 0.12],
  [Number.POSITIVE_INFINITY, 0.05],
] as const;

/**
 * LazyMAR (arXiv 2503.12450): tokens, guidance and the head's blocks change little from step to step, so most steps take them
 * from earlier ones. The defaults are the published ones, of 64 steps with heads of 100 diffusion steps.
 *
 * ```ts
 * const reuse = lazyMar({ refresh: 'stages', parts: ['tokens'] });
 * await generateImages({ model, requests, policy: gtr(), reuse });
 * ```
 *
 * @throws InvalidOptionError where an option is out of range
 */
export function lazyMar(options: LazyMarOptions = {}): ReuseSchedule {
  const {
    refresh = 'published',
    parts = PARTS,
    headInterval = 7,
    keptShare = 'published',
    extraRows = 15,
  } = options;
  const unknown = parts.find((part) => !PARTS.includes(part));
  if (unknown !== undefined)
    throw new InvalidOptionError('parts', unknown, `must be some of ${PARTS.join(', ')}`);
  assertInteger('extraRows', extraRows, 0);
  assertInteger('headInterval', headInterval, 1);
  if (typeof keptShare === 'number') assertNumber('keptShare', keptShare, 0, 1);
  const isRefresh = refreshOf(refresh);
  const shareOf = sharesOf(keptShare);
  return (context) => ({
    refresh: isRefresh(context),
    guidance: parts.includes('guidance'),
    ...(parts.includes('tokens') ? { tokens: { keptShare: shareOf(context), extraRows } } : {}),
    ...(parts.includes('head') ? { head: { interval: headInterval, warmUp: HEAD_WARM_UP } } : {}),
  });
}

function refreshOf(refresh: NonNullable<LazyMarOptions['refresh']>): (step: ReuseContext) => boolean {
  if (refresh === 'stages') return ({ stage, previousStage }) => stage !== previousStage;
  const { warmUp, interval } =
    refresh === 'published'
      ? PUBLISHED_REFRESH
      : typeof refresh === 'number'
        ? { warmUp: 0, interval: refresh }
        : refresh;
  if (typeof refresh === 'string' && refresh !== 'published')
    throw new InvalidOptionError('refresh', refresh, 'must be published, stages, a number or an object');
  assertInteger('refresh.warmUp', warmUp, 0);
  assertInteger('refresh.interval', interval, 1);
  return ({ step }) => step < warmUp || (step - warmUp) % interval === 0;
}

function sharesOf(keptShare: NonNullable<LazyMarOptions['keptShare']>): (step: ReuseContext) => number {
  if (typeof keptShare === 'function') return keptShare;
  if (typeof keptShare === 'number') return () => keptShare;
  const table = (step: number): number => PUBLISHED_SHARES.find(([before]) => step < before)![1];
  if (keptShare === 'published') return ({ step }) => table(step);
  return ({ step, steps, maskedBefore, total }) => {
    // MAR's own pace says how far a run is whose steps nobody knows.
    const progress = steps === undefined ? (2 / Math.PI) * Math.acos(maskedBefore / total) : step / steps;
    return table(Math.floor(64 * progress));
  };
}
