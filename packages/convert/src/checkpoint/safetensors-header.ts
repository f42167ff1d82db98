import { CheckpointFormatError } from '../errors.js';

/** The format's element types, with their bits an element. */
export const ELEMENT_BITS = {
  F64: 64,
  F32: 32,
  F16: 16,
  BF16: 16,
  F8_E4M3: 8,
  F8_E5M2: 8,
  F8_E8M0: 8,
  F6_E2M3: 6,
  F6_E3M2: 6,
  F4: 4,
  C64: 64,
  I64: 64,
  I32: 32,
  I16: 16,
  I8: 8,
  U64: 64,
  U32: 32,
  U16: 16,
  U8: 8,
  BOOL: 8,
} as const;

/** An element type of a safetensors file. Not all of them can be read: see `TensorFile.read`. */
export type SafetensorsDtype = keyof typeof ELEMENT_BITS;

/** Where a tensor lies in its file. */
export interface TensorEntry {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** Bytes from the start of the file. */
  readonly start: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** How many values a tensor has. */
export const elementCount = (shape: readonly number[]): number =>
  shape.reduce((product, extent) => product * extent, 1);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isIndex = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/**
 * Reads and checks a header: every tensor's type is known, its bytes are as many as its shape says and lie inside the
 * file, and no two tensors overlap or have one name.
 *
 * @param text the header's JSON
 * @param dataStart where the tensors' bytes begin in the file
 * @param fileBytes the file's length
 * @throws CheckpointFormatError
 */
export function parseHeader(
  path: string,
  text: string,
  dataStart: number,
  fileBytes: number,
): SafetensorsHeader {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new CheckpointFormatError(path, 'header', 'its header is not JSON', { cause });
  }
  if (!isRecord(json)) throw new CheckpointFormatError(path, 'header', 'its header is not a JSON object');
  const twice = duplicateKey(text);
  if (twice !== undefined) {
    throw new CheckpointFormatError(
      path,
      'duplicate',
      `its header has "${twice}" twice, so it's unclear which one holds. Save the checkpoint again`,
    );
  }

  const tensors = new Map<string, TensorEntry>();
  let metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') {
      if (!isRecord(value) || !Object.values(value).every((entry) => typeof entry === 'string')) {
        throw new CheckpointFormatError(path, 'header', '__metadata__ is not a map of strings');
      }
      metadata = value as Record<string, string>;
    } else {
      tensors.set(name, parseEntry(path, name, value, dataStart, fileBytes));
    }
  }
  assertDisjoint(path, tensors);
  return { tensors, metadata };
}

/** A key that an object of a valid JSON text has twice; `JSON.parse` would take the later one. */
function duplicateKey(json: string): string | undefined {
  const open: Set<string>[] = [];
  for (let at = 0; at < json.length; at++) {
    const token = json[at];
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (token === '"') {
      const end = stringEnd(json, at);
      let next = end;
      while (/\s/.test(json[next] ?? '')) next++;
      if (json[next] === ':') {
        const name = JSON.parse(json.slice(at, end)) as string;
        if (open.at(-1)!.has(name)) return name;
        open.at(-1)!.add(name);
      }
      at = end - 1;
    }
  }
  return undefined;
}

/** Where a string of a JSON text, which begins at `start`, is over. An expression for it runs out of stack on a long one. */
function stringEnd(json: string, start: number): number {
  for (let quote = json.indexOf('"', start + 1); ; quote = json.indexOf('"', quote + 1)) {
    let escapes = 0;
    while (json[quote - 1 - escapes] === '\\') escapes++;
    if (escapes % 2 === 0) return quote + 1;
  }
}

function parseEntry(
  path: string,
  name: string,
  value: unknown,
  dataStart: number,
  fileBytes: number,
): TensorEntry {
  if (!isRecord(value)) throw new CheckpointFormatError(path, 'header', `"${name}" is not an object`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(ELEMENT_BITS, dtype)) {
    const known = Object.keys(ELEMENT_BITS).join(', ');
    throw new CheckpointFormatError(
      path,
      'dtype',
      `"${name}" has ${typeof dtype === 'string' ? `the type ${JSON.stringify(dtype.slice(0, 40))}` : 'no type'}, known are ${known}`,
    );
  }
  if (!Array.isArray(shape) || !shape.every(isIndex)) {
    throw new CheckpointFormatError(path, 'shape', `"${name}" has no shape of whole numbers`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isIndex)) {
    throw new CheckpointFormatError(path, 'offsets', `"${name}" has no pair of offsets`);
  }
  const [from, to] = offsets as [number, number];
  const bytes = (elementCount(shape) * ELEMENT_BITS[dtype as SafetensorsDtype]) / 8;
  if (to - from !== bytes) {
    throw new CheckpointFormatError(
      path,
      'offsets',
      `"${name}" takes ${to - from} bytes where its shape [${shape.join(', ')}] of ${dtype} needs ${bytes}`,
    );
  }
  if (dataStart + to > fileBytes) {
    throw new CheckpointFormatError(
      path,
      'truncated',
      `"${name}" ends at byte ${dataStart + to} of a file of ${fileBytes} bytes. Download it again`,
    );
  }
  return { dtype: dtype as SafetensorsDtype, shape, start: dataStart + from, end: dataStart + to };
}

function assertDisjoint(path: string, tensors: ReadonlyMap<string, TensorEntry>): void {
  const sorted = [...tensors].filter(([, entry]) => entry.end > entry.start);
  sorted.sort(([, a], [, b]) => a.start - b.start);
  for (let i = 1; i < sorted.length; i++) {
    const [name, entry] = sorted[i]!;
    const [before, previous] = sorted[i - 1]!;
    if (entry.start < previous.end) {
      throw new CheckpointFormatError(path, 'overlap', `"${before}" and "${name}" share bytes`);
    }
  }
}
