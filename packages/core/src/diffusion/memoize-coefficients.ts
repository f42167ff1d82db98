import type { DiffusionSampler } from './sampler-coefficients.js';

/** The sampler that makes each table once. */
export function memoizeCoefficients(make: DiffusionSampler): DiffusionSampler {
  const tables = new Map<string, ReturnType<DiffusionSampler>>();
  return (respacing) => {
    const known = tables.get(`${respacing}`);
    if (known) return known;
    const table = make(respacing);
    tables.set(`${respacing}`, table);
    return table;
  };
}
