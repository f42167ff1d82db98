import type { Recipe } from './recipe.js';

/**
 * What makes two recipes give different pictures, a line each, e.g. `sampling.policy.steps: 64 → 32`. Which pictures
 * they list does not count, nor what they were made with.
 */
export function differences(before: Recipe, after: Recipe): string[] {
  const relevant = ({ model, seed, size, sampling: { guidance, ...sampling } }: Recipe) =>
    flattened({
      model: { name: model.name, sha256: model.sha256.slice(0, 12) },
      seed,
      ...(size ? { size } : {}),
      // At scale 1 every schedule is the same.
      sampling: { ...sampling, guidance: guidance.scale === 1 ? { scale: 1 } : guidance },
    });
  const old = relevant(before);
  const now = relevant(after);
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((key) => old.get(key) !== now.get(key))
    .map((key) => `${key}: ${old.get(key) ?? 'none'} → ${now.get(key) ?? 'none'}`);
}

function flattened(value: unknown, path = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return new Map([[path, JSON.stringify(value)]]);
  }
  return new Map(
    Object.entries(value).flatMap(([key, part]) => [...flattened(part, path ? `${path}.${key}` : key)]),
  );
}
