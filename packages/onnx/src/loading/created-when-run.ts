import type { ComponentName, Manifest } from '@tessera/format';

/** The head's graphs that a model with `chain` needs for other numbers of steps and other samplers alone. */
const STEPWISE: ReadonlySet<ComponentName> = new Set(['embed', 'project', 'modulate', 'denoise']);

/** LazyMAR's graphs: the transformer's and the head's weights once more, for its caches alone. */
const CACHED: ReadonlySet<ComponentName> = new Set([
  'transformer-cached',
  'modulate-cached',
  'denoise-outer',
  'denoise-cached',
]);

/** Whether a graph's session is created when it is first run: most who load the model need it never. */
export function isCreatedWhenRun(
  name: ComponentName,
  components: Manifest['variants'][number]['components'],
): boolean {
  return CACHED.has(name) || (components.chain !== undefined && STEPWISE.has(name));
}
