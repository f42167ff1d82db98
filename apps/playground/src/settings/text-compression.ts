/** The most characters that a text is unpacked to: a few bytes could stand for gigabytes. */
export const MOST_UNPACKED = 200_000;

/** Text → deflated, in the alphabet of base64url. */
export async function compressText(text: string): Promise<string> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** The text again; undefined where `packed` is damaged or stands for too much. */
export async function decompressText(packed: string): Promise<string | undefined> {
  try {
    const binary = atob(packed.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw')).getReader();
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      text += decoder.decode(value as Uint8Array, { stream: true });
      if (text.length > MOST_UNPACKED) return undefined;
    }
  } catch {
    return undefined;
  }
}
