/**
 * A text that is equal for equal plain data: objects, arrays, typed arrays, maps, sets and primitives. Functions are
 * left out, and an object met again inside itself is named only.
 */
export function snapshot(value: unknown): string {
  const open = new Set<object>();
  const write = (part: unknown): string => {
    if (typeof part === 'function' || typeof part === 'symbol') return '';
    if (typeof part !== 'object' || part === null)
      return Object.is(part, -0) ? '-0' : `${typeof part}:${part}`;
    if (open.has(part)) return 'circular';
    open.add(part);
    const text = `${part.constructor?.name ?? ''}${writeObject(part, write)}`;
    open.delete(part);
    return text;
  };
  return write(value);
}

function writeObject(part: object, write: (value: unknown) => string): string {
  if (ArrayBuffer.isView(part) && !(part instanceof DataView)) return `[${String(part)}]`;
  if (part instanceof Map)
    return `{${[...part].map(([key, value]) => `${write(key)}=${write(value)}`).join(',')}}`;
  if (part instanceof Set || Array.isArray(part)) return `[${[...part].map(write).join(',')}]`;
  return `{${Object.entries(part)
    .map(([key, value]) => `${key}=${write(value)}`)
    .join(',')}}`;
}
