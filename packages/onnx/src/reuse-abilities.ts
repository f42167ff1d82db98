import type { ReuseAbilities } from '@tessera/core/model';
import type { Manifest } from '@tessera/format';

/** What a model can take from earlier steps, by its graphs. */
export function reuseAbilities({ variants }: Manifest): ReuseAbilities {
  const has = variants.every(({ components }) => components['condition-cached']);
  return { guidance: true, tokens: has, head: has };
}
