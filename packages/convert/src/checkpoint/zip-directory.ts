import CRC32 from 'crc-32';
import { CheckpointFormatError } from '../errors.js';
import type { RandomAccess } from './random-access.js';

/** A file in a ZIP archive. */
export interface ZipEntry {
  readonly name: string;
  /** Where its local header begins, in bytes from the archive's start. */
  readonly headerAt: number;
  /** Where the next file begins, or the directory. */
  readonly end: number;
  readonly size: number;
  readonly crc: number;
  /** 0 for one that is stored as it is; only these are read. */
  readonly method: number;
}

const END = 0x06054b50;
const END_BYTES = 22;
const LARGEST_COMMENT = 0xffff;
const LOCATOR64 = 0x07064b50;
const LOCATOR64_BYTES = 20;
const END64 = 0x06064b50;
const END64_BYTES = 56;
const CENTRAL = 0x02014b50;
const CENTRAL_BYTES = 46;
const LOCAL = 0x04034b50;
const LOCAL_BYTES = 30;
/** Flags of a file: it is encrypted; its sizes stand behind it and in the directory only. */
const ENCRYPTED = 1;
const SIZES_BEHIND = 8;

/** A million entries of torch's take less. */
const LARGEST_DIRECTORY = 64 << 20;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

/**
 * Reads the directory at the end of a ZIP archive: the one list of its files. Encryption, names twice or out of the
 * archive, files on the same bytes and a directory that doesn't fit the archive are refused.
 *
 * @see APPNOTE.TXT 6.3.10, sections 4.3.12 to 4.3.16 and 4.5.3
 * @throws CheckpointFormatError
 */
export async function readZipDirectory(source: RandomAccess): Promise<ReadonlyMap<string, ZipEntry>> {
  const fail = failer(source.path);
  const { count, start, size, directoryEnd } = await findDirectory(source, fail);
  if (size > LARGEST_DIRECTORY || start + size !== directoryEnd) fail('its directory does not fit the file');
  const bytes = await source.read(start, size);
  const entries = new Map<string, ZipEntry>();
  let at = 0;
  while (at < size) {
    const { entry, next } = readCentral(bytes, at, fail);
    at = next;
    if (entries.has(entry.name)) fail(`it has two files of the name "${entry.name}"`);
    entries.set(entry.name, entry);
  }
  if (entries.size !== count) fail(`its directory lists ${entries.size} files where it announces ${count}`);
  let end = start;
  for (const entry of [...entries.values()].sort((a, b) => b.headerAt - a.headerAt)) {
    if (entry.headerAt + LOCAL_BYTES + entry.size > end) {
      fail(`"${entry.name}" ends beyond the bytes that are there for it`);
    }
    entries.set(entry.name, { ...entry, end });
    end = entry.headerAt;
  }
  return entries;
}

type Fail = (detail: string) => never;

const failer =
  (path: string): Fail =>
  (detail) => {
    throw new CheckpointFormatError(path, 'container', `${detail}. Download it again`);
  };

async function findDirectory(source: RandomAccess, fail: Fail) {
  const tailBytes = Math.min(source.size, LOCATOR64_BYTES + END_BYTES + LARGEST_COMMENT);
  const tail = await source.read(source.size - tailBytes, tailBytes);
  const view = viewOf(tail);
  let at = tailBytes - END_BYTES;
  while (
    at >= 0 &&
    !(view.getUint32(at, true) === END && view.getUint16(at + 20, true) === tailBytes - at - END_BYTES)
  )
    at--;
  if (at < 0) return fail('it is a ZIP archive without its end');
  const count = view.getUint16(at + 10, true);
  const isWhole = view.getUint32(at + 4, true) === 0 && view.getUint16(at + 8, true) === count;
  if (!isWhole) fail('it is a part of a ZIP archive in several');
  const short = { count, size: view.getUint32(at + 12, true), start: view.getUint32(at + 16, true) };
  const end = source.size - tailBytes + at;
  if (at < LOCATOR64_BYTES || view.getUint32(at - LOCATOR64_BYTES, true) !== LOCATOR64)
    return { ...short, directoryEnd: end };

  const recordAt = bigNumber(view, at - LOCATOR64_BYTES + 8, fail);
  if (recordAt + END64_BYTES > end) fail('its directory does not fit the file');
  const record = viewOf(await source.read(recordAt, END64_BYTES));
  if (record.getUint32(0, true) !== END64) fail('its directory does not fit the file');
  const long = {
    count: bigNumber(record, 32, fail),
    size: bigNumber(record, 40, fail),
    start: bigNumber(record, 48, fail),
  };
  const fits =
    [long.count, 0xffff].includes(short.count) &&
    [long.size, 0xffffffff].includes(short.size) &&
    [long.start, 0xffffffff].includes(short.start);
  if (!fits) fail('it has two directories that differ');
  return { ...long, directoryEnd: recordAt };
}

function bigNumber(view: DataView, at: number, fail: Fail): number {
  const value = Number(view.getBigUint64(at, true));
  return Number.isSafeInteger(value) ? value : fail('it holds a size that no file has');
}

function readCentral(bytes: Uint8Array, at: number, fail: Fail): { entry: ZipEntry; next: number } {
  const view = viewOf(bytes);
  if (at + CENTRAL_BYTES > bytes.length || view.getUint32(at, true) !== CENTRAL)
    fail('its directory is damaged');
  const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) =>
    view.getUint16(at + offset, true),
  ) as [number, number, number];
  const extraAt = at + CENTRAL_BYTES + nameBytes;
  const next = extraAt + extraBytes + commentBytes;
  if (next > bytes.length) fail('its directory is damaged');
  const name = nameOf(bytes.subarray(at + CENTRAL_BYTES, extraAt), fail);
  if ((view.getUint16(at + 8, true) & ENCRYPTED) !== 0) fail(`"${name}" is encrypted`);
  const method = view.getUint16(at + 10, true);
  const [packed, size, headerAt] = wideNumbers(
    view,
    [20, 24, 42].map((offset) => view.getUint32(at + offset, true)),
    extraAt,
    extraBytes,
    fail,
  ) as [number, number, number];
  if (method === 0 && packed !== size) fail(`"${name}" has two sizes`);
  return {
    entry: { name, headerAt, end: 0, size: packed, crc: view.getUint32(at + 16, true), method },
    next,
  };
}

function nameOf(bytes: Uint8Array, fail: Fail): string {
  let name: string;
  try {
    name = utf8.decode(bytes);
  } catch {
    return fail('it has a file whose name is not UTF-8');
  }
  const isInside = name !== '' && !/^\/|\\|\0|^[a-z]:/i.test(name) && !name.split('/').includes('..');
  return isInside ? name : fail(`it has a file of the name ${JSON.stringify(name)}, which leads out of it`);
}

/** Sizes and offsets, those that are all ones from the zip64 field of the extra data, where they stand in this order. */
function wideNumbers(
  view: DataView,
  numbers: readonly number[],
  at: number,
  length: number,
  fail: Fail,
): number[] {
  if (!numbers.includes(0xffffffff)) return [...numbers];
  const end = at + length;
  let field = at;
  while (field + 4 <= end && view.getUint16(field, true) !== 1) field += 4 + view.getUint16(field + 2, true);
  let from = field + 4;
  const fieldEnd = from <= end ? from + view.getUint16(field + 2, true) : 0;
  return numbers.map((number) => {
    if (number !== 0xffffffff) return number;
    from += 8;
    return from <= Math.min(fieldEnd, end)
      ? bigNumber(view, from - 8, fail)
      : fail('its directory is damaged');
  });
}

/**
 * Where a file's bytes begin in the archive.
 *
 * @throws CheckpointFormatError if its local header contradicts the directory
 */
export async function zipEntryStart(source: RandomAccess, entry: ZipEntry): Promise<number> {
  const fail = failer(source.path);
  const { name, headerAt, end, size } = entry;
  // In one read with its name, which is as long as in the directory.
  const nameLength = new TextEncoder().encode(name).length;
  if (headerAt + LOCAL_BYTES + nameLength > end) fail(`"${name}" is not what the directory says`);
  const header = await source.read(headerAt, LOCAL_BYTES + nameLength);
  const view = viewOf(header);
  const [flags, method, nameBytes] = [
    view.getUint16(6, true),
    view.getUint16(8, true),
    view.getUint16(26, true),
  ];
  const start = headerAt + LOCAL_BYTES + nameBytes + view.getUint16(28, true);
  const local = view.getUint32(22, true);
  const fits =
    view.getUint32(0, true) === LOCAL &&
    (flags & ENCRYPTED) === 0 &&
    method === 0 &&
    ((flags & SIZES_BEHIND) !== 0 || local === size || local === 0xffffffff) &&
    start + size <= end &&
    nameBytes === nameLength &&
    nameOf(header.subarray(LOCAL_BYTES), fail) === name;
  return fits ? start : fail(`"${name}" is not what the directory says`);
}

/** The CRC-32 of bytes, or of more bytes after those that gave `before`. */
export const crc32 = (bytes: Uint8Array, before = 0): number => CRC32.buf(bytes, before) >>> 0;

/** @throws CheckpointFormatError if the bytes of a file are not those that were stored */
export function assertCrc(path: string, { name, crc }: ZipEntry, actual: number): void {
  if (crc !== actual) failer(path)(`"${name}" is damaged: its checksum (CRC-32) is wrong`);
}
