import { samplingParts } from '@tessera/format';
import type { Variant } from './variant.js';

/** What each arm is, in a line; what is the same in all is said once. */
export interface ArmLines {
  readonly common: string;
  /** A line an arm. */
  readonly own: readonly string[];
}

/** Order and counts of each arm; the rest of what it is only where the arms differ in it. */
export function armLines(arms: readonly Variant[]): ArmLines {
  const parts = arms.map(({ sampling }) => samplingParts(sampling));
  const isCommon = (part: string): boolean => parts.every((each) => each.includes(part));
  return {
    common: parts[0]?.slice(1).filter(isCommon).join(', ') ?? '',
    own: parts.map(([order, ...rest]) => [order, ...rest.filter((part) => !isCommon(part))].join(', ')),
  };
}
