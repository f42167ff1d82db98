/**
 * Runs a batch in groups of equal keys, one group after the other, and returns the results in the order of the items.
 *
 * @param keyOf keys are compared as those of a Map
 * @param run one result for each item of the group, in its order
 */
export async function groupBy<Item, Key, Result>(
  items: readonly Item[],
  keyOf: (item: Item) => Key,
  run: (group: readonly Item[], key: Key) => Promise<readonly Result[]>,
): Promise<Result[]> {
  const groups = new Map<Key, number[]>();
  for (const [i, item] of items.entries()) {
    const key = keyOf(item);
    groups.set(key, [...(groups.get(key) ?? []), i]);
  }
  const results: Result[] = [];
  for (const [key, indices] of groups) {
    const group = indices.map((i) => items[i]!);
    for (const [k, result] of (await run(group, key)).entries()) results[indices[k]!] = result;
  }
  return results;
}
