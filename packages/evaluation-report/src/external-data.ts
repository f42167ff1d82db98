/** How an entry with the key `location` begins: its key, field 1, and the tag of its value, field 2. */
const ENTRY = Buffer.from('\n\x08location\x12', 'latin1');

/**
 * Names of the files beside an ONNX graph that hold its weights, each once: what its tensors' `external_data` (onnx.proto)
 * gives as `location`. None where the weights are in the graph.
 */
export function externalDataFiles(graph: Buffer): string[] {
  const names = new Set<string>();
  for (let place = graph.indexOf(ENTRY); place >= 0; place = graph.indexOf(ENTRY, place + 1)) {
    let start = place + ENTRY.length;
    // The value's length, a varint.
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = graph[start++] ?? 0;
      length += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    names.add(graph.toString('utf8', start, start + length));
  }
  return [...names];
}
