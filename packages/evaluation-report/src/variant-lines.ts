import { describeSampling } from '@tessera/format';
import type { EvaluationDocument } from './evaluation-document.js';

/** The part of a document that says how its arms are sampled. */
interface ArmsDescribed {
  readonly arms: readonly Pick<EvaluationDocument['arms'][number], 'description'>[];
}

/** What each variant is, in a line; what is the same in all is said once. */
export interface VariantLines {
  readonly common: string;
  /** A line a variant. */
  readonly own: readonly string[];
}

/** Order and counts of each variant; the rest of what it is only where the variants differ in it. */
export function variantLines({ arms }: ArmsDescribed): VariantLines {
  const parts = arms.map(({ description }) => describeSampling(description));
  const isCommon = (part: string): boolean => parts.every((each) => each.includes(part));
  return {
    common: parts[0]?.slice(1).filter(isCommon).join(', ') ?? '',
    own: parts.map(([order, ...rest]) => [order, ...rest.filter((part) => !isCommon(part))].join(', ')),
  };
}
