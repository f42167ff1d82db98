/** Features as they are kept in lines: float32, little-endian, in base64. */
export function featuresText(features: Float32Array): string {
  const bytes = Buffer.alloc(features.length * 4);
  for (const [i, value] of features.entries()) bytes.writeFloatLE(value, i * 4);
  return bytes.toString('base64');
}

export function featuresOf(text: string): Float32Array {
  const bytes = Buffer.from(text, 'base64');
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4));
}
