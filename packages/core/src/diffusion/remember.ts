import type { DiffusionSampler } from './table.js';

/** The sampler that makes each table once. */
export function rememberTables(make: DiffusionSampler): DiffusionSampler {
  const tables = new Map<string, ReturnType<DiffusionSampler>>();
  return (respacing) => {
    const known = tables.get(`${respacing}`);
    if (known) return known;
    const table = make(respacing);
    tables.set(`${respacing}`, table);
    return table;
  };
}
