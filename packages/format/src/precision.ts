/** What matrix products and convolutions are computed in; all else is in fp32. */
export const PRECISIONS = ['fp32', 'fp16'] as const;
export type Precision = (typeof PRECISIONS)[number];
