/** A name in one line or two, broken where one of its parts begins. */
export function wrapName(name: string, most: number): string[] {
  if (name.length <= most) return [name];
  const breaks = [...name.matchAll(/[/ ]/g)].map(({ index }) => index).filter((index) => index > 0);
  const place = breaks.reduce<number | undefined>(
    (best, index) =>
      best === undefined || Math.abs(index - name.length / 2) < Math.abs(best - name.length / 2)
        ? index
        : best,
    undefined,
  );
  const lines = place === undefined ? [name] : [name.slice(0, place), name.slice(place).trimStart()];
  return lines.map((line) => (line.length <= most ? line : `${line.slice(0, most - 1)}…`));
}
