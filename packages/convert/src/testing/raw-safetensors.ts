import { writeFile } from 'node:fs/promises';

/** Writes a safetensors file of a header as it is, right or wrong, and its data. */
export async function writeRawSafetensors(path: string, header: unknown, data: Uint8Array): Promise<void> {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  await writeFile(path, Buffer.concat([length, text, data]));
}
