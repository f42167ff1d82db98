/**
 * A copy without proxies: plain objects and arrays are rebuilt, all else is passed on as it is. What Vue's `reactive`, Svelte's
 * `$state` and MobX give out are proxies of plain objects, which `postMessage` refuses.
 */
export function plainData<T>(value: T): T;
export function plainData(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainData);
  if (typeof value !== 'object' || value === null || !isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plainData(member)]));
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
