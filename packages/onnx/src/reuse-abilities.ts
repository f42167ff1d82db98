import type { ReuseAbilities } from '@tessera/core/model';
import type { ComponentName, Manifest } from '@tessera/format';

/** What a model can take from earlier steps, by its graphs. */
export function reuseAbilities({ variants, joint }: Manifest): ReuseAbilities {
  const all = (name: ComponentName): boolean => variants.every(({ components }) => components[name]);
  return { guidance: !joint, tokens: all('transformer-cached'), head: all('denoise-cached') };
}
