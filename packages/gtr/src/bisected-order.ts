import { orderedPolicy, type SamplingPolicy, shuffle } from '@tessera/core';
import { assertInteger, type OrderedOptions } from '@tessera/core/model';
import { type CheckerboardColour, MAX_STAGES } from './bisection.js';
import { subsetsNamed } from './subset-choice.js';

export interface BisectedOrderOptions extends OrderedOptions {
  /** The paper's anti-diagonal subsets, or the more isotropic quincunx. @default 'diagonal' */
  readonly subsets?: 'diagonal' | 'quincunx';
  /** K: the number of subsets, 1 … {@link MAX_STAGES}. @default 3 */
  readonly stages?: number;
  /** The colour of the checkerboard, (i + j) mod 2, that comes first. @default 0 */
  readonly firstColour?: CheckerboardColour;
}

/**
 * GtR's order and nothing else of it (arXiv 2510.17171): subset by subset, uniformly random within each, with the tokens
 * per step and the diffusion steps of any plain policy. For telling the order's part in the result from that of its step schedule.
 *
 * @throws InvalidOptionError where an option is out of range
 * @example
 * const policy = bisectedOrder({ subsets: 'quincunx', stages: 7, steps: 64, diffusionSteps: 50 });
 */
export function bisectedOrder(options: BisectedOrderOptions = {}): SamplingPolicy {
  const { subsets = 'diagonal', stages = 3, firstColour = 0, ...rest } = options;
  assertInteger('stages', stages, 1, MAX_STAGES);
  assertInteger('firstColour', firstColour, 0, 1);
  const subsetsOf = subsetsNamed(subsets, ['diagonal', 'quincunx']);
  return orderedPolicy({
    name: 'bisected-order',
    ...rest,
    order: (context) =>
      subsetsOf(context, stages, firstColour).flatMap((subset, k) => [
        ...shuffle(subset, context.noise.fork('subset', k)),
      ]),
  });
}
