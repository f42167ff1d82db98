/** Names of graphs in a manifest → what they were called at first. Folders made then still have these. */
const FORMER_NAMES = { transformer: 'condition', 'transformer-cached': 'condition-cached' } as const;

/** Names that folders made before have. */
export const FORMER_COMPONENT_NAMES: readonly string[] = Object.values(FORMER_NAMES);

/** The components of a manifest's variant under the names of today. What isn't an object is left to the schema. */
export function withCurrentNames(components: unknown): unknown {
  if (typeof components !== 'object' || components === null) return components;
  const renamed: Record<string, unknown> = { ...components };
  for (const [current, former] of Object.entries(FORMER_NAMES)) {
    if (!(former in renamed) || current in renamed) continue;
    renamed[current] = renamed[former];
    delete renamed[former];
  }
  return renamed;
}

/** The same components under their first names, by which a model's hash stays what recipes have. */
export function withFormerNames(components: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const renamed: Record<string, unknown> = { ...components };
  for (const [current, former] of Object.entries(FORMER_NAMES)) {
    if (!(current in renamed)) continue;
    renamed[former] = renamed[current];
    delete renamed[current];
  }
  return renamed;
}
