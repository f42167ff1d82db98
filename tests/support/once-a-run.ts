interface Shared<T> {
  readonly started: Promise<T>;
  users: number;
}

const KEY = Symbol.for('tessera.once-a-run');
// Each project loads this module anew, within one process.
const place = globalThis as { [KEY]?: Map<string, Shared<unknown>> };
place[KEY] ??= new Map();
const registry = place[KEY];

/**
 * Starts something once for all projects of a run, for Vitest's globalSetup. What `use` is given is closed when the last
 * project that uses it is torn down.
 */
export async function onceARun<T>(
  name: string,
  start: () => Promise<T>,
  close: (started: T) => Promise<void>,
  use: (started: T) => void,
): Promise<() => Promise<void>> {
  const shared = (registry.get(name) as Shared<T> | undefined) ?? { started: start(), users: 0 };
  registry.set(name, shared);
  shared.users++;
  const started = await shared.started;
  use(started);
  return async () => {
    if (--shared.users > 0) return;
    registry.delete(name);
    await close(started);
  };
}
