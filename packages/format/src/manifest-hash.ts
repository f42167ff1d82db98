import { withFormerNames } from './former-component-names.js';
import type { Manifest } from './manifest.js';

/**
 * {@link jsonHash} of a manifest but for the spec that it advises, which changes no picture of a recipe. A MAR model's graphs
 * are hashed under their first names: a folder made before has the hash that its recipes name. A manifest has the
 * hash of every file, so this stands for the whole model.
 */
export async function manifestHash(manifest: Manifest): Promise<string> {
  const { advice: _, ...sampling } = manifest.sampling;
  const isMar = (manifest.family ?? 'mar') === 'mar';
  const variants = manifest.variants.map((variant) =>
    isMar ? { ...variant, components: withFormerNames(variant.components) } : variant,
  );
  return jsonHash({ ...manifest, sampling, variants });
}

/**
 * SHA-256 of plain data: of its JSON with keys in alphabetical order and no spaces, in hexadecimal digits. Browsers have
 * SHA-256 on pages from https and localhost only.
 */
export async function jsonHash(data: unknown): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(sorted(data)));
  const hash = await crypto.subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, sorted(part)]),
  );
}
