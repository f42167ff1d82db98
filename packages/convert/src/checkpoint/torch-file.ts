import { CheckpointFormatError, type CheckpointProblem } from '../errors.js';
import { PickleDict, PickleList, type PickleValue, unpickle } from './pickle.js';
import type { RandomAccess } from './random-access.js';
import { ELEMENT_BITS, elementCount, type SafetensorsDtype } from './safetensors-header.js';
import { type TensorFile, tensorFile } from './tensor-file.js';
import { TorchHost, TorchNamespace, type TorchStorage, TorchTensor } from './torch-objects.js';
import { effortOf, readView } from './torch-view.js';
import { assertCrc, crc32, readZipDirectory, type ZipEntry, zipEntryStart } from './zip-directory.js';

/** What torch.save wrote. Tensors have the keys that lead to them as names, joined by dots. */
export interface TorchFile extends TensorFile {
  /** The outermost dictionary's keys, in order. */
  readonly keys: readonly string[];
  /** A value that is no tensor, by the keys that lead to it, joined by dots; undefined if there is none. */
  value(path: string): null | boolean | number | bigint | string | undefined;
}

/** A million tensors' take less. */
const LARGEST_PICKLE = 64 << 20;
/** Values visited, and depth of dictionaries and lists: weights lie a few deep. */
const MOST_VALUES = 1_000_000;
const DEEPEST = 64;
/** Bytes that tensors may take beyond 16 times the file's: views of one storage, such as expanded ones, share bytes. */
const SHARED_BYTES = 64 << 20;
/** What reading them may take beyond 64 times the file's bytes: see {@link effortOf}. */
const MOST_EFFORT = 4 * 2 ** 30;
/** Characters of a name, and of all tensors' names; a million real ones take less. */
const LONGEST_NAME = 1 << 16;
const LONGEST_NAMES = 64 << 20;
/** Bytes read at once for a checksum. */
const CHUNK = 4 << 20;

const bytesOf = (dtype: SafetensorsDtype, count: number): number => (count * ELEMENT_BITS[dtype]) / 8;

type Fail = (problem: CheckpointProblem, detail: string) => never;

/** Where a storage's bytes lie; `entry` for one whose checksum is known. */
interface Place {
  readonly start: number;
  readonly entry?: ZipEntry;
}

/**
 * Reads what torch.save wrote, since version 1.6 a ZIP archive: the pickle in it, which tells where the tensors lie, and
 * these one by one when they are asked for. Nothing in it is run.
 *
 * @throws CheckpointFormatError
 */
export async function readTorchArchive(source: RandomAccess): Promise<TorchFile> {
  const fail = failer(source.path);
  const entries = await readZipDirectory(source);
  const pickles = [...entries.values()].filter(({ name }) => /^[^/]+\/data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickles.length !== 1 || !pickle) {
    return fail(
      'other-format',
      'it is a ZIP archive that torch.save did not write. Unpack it and give the weights inside',
    );
  }
  const packed = [...entries.values()].find(({ method }) => method !== 0);
  if (packed) {
    fail(
      'unsupported',
      `"${packed.name}" in it is compressed. Unpack it and zip it again without compression (zip -0 -r)`,
    );
  }
  const root = pickle.name.slice(0, -'data.pkl'.length);
  if (entries.has(`${root}constants.pkl`)) {
    fail(
      'unsupported',
      'it is a TorchScript program. Load it in Python (torch.jit.load) and save its state_dict()',
    );
  }
  const readEntry = async (entry: ZipEntry, largest: number): Promise<Uint8Array<ArrayBuffer>> => {
    if (entry.size > largest)
      fail('limit', `"${entry.name}" has ${entry.size} bytes, more than weights need`);
    const bytes = await source.read(await zipEntryStart(source, entry), entry.size);
    assertCrc(source.path, entry, crc32(bytes));
    return bytes;
  };
  const order = entries.get(`${root}byteorder`);
  const word = order && new TextDecoder().decode(await readEntry(order, 64)).trim();
  if (word !== undefined && word !== 'little') {
    fail(
      'unsupported',
      `its byte order is ${JSON.stringify(word)}. Load it in Python and save it on another machine`,
    );
  }
  const host = new TorchHost(source.path);
  const bytes = await readEntry(pickle, LARGEST_PICKLE);
  const { value, end } = unpickle(source.path, bytes, host);
  if (end !== bytes.length) fail('pickle', 'its pickle ends before its file does');
  const stored = new Map<string, ZipEntry>();
  for (const { key, dtype, count } of host.storages.values()) {
    const entry = entries.get(`${root}data/${key}`);
    if (entry?.size !== bytesOf(dtype, count)) {
      return fail(
        'storage',
        `its storage "${key}" should have ${bytesOf(dtype, count)} bytes and has ${entry?.size ?? 'none'}`,
      );
    }
    stored.set(key, entry);
  }
  return torchFile(source, value, async ({ key }) => {
    const entry = stored.get(key)!;
    return { start: await zipEntryStart(source, entry), entry };
  });
}

const MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_VERSION = 1001;

/**
 * Reads what torch.save wrote before version 1.6: five pickles, then each storage's length and bytes.
 *
 * @throws CheckpointFormatError
 */
export async function readLegacyTorch(source: RandomAccess): Promise<TorchFile> {
  const fail = failer(source.path);
  const host = new TorchHost(source.path);
  let at = 0;
  const next = async (): Promise<PickleValue> => {
    for (let length = 1 << 20; ; length *= 8) {
      const bytes = await source.read(at, Math.min(length, LARGEST_PICKLE, source.size - at));
      try {
        const { value, end } = unpickle(source.path, bytes, host);
        at += end;
        return value;
      } catch (error) {
        const isCut = CheckpointFormatError.isInstance(error) && error.problem === 'truncated';
        if (!isCut || bytes.length < length) throw error;
      }
    }
  };
  if ((await next()) !== MAGIC)
    fail('other-format', 'it is a Python pickle, but not one that torch.save wrote');
  if ((await next()) !== LEGACY_VERSION) fail('container', 'its version of the legacy format is unknown');
  const system = await next();
  if (!(system instanceof PickleDict) || system.entries.get('little_endian') !== true) {
    fail(
      'unsupported',
      'its byte order is not little-endian. Load it in Python and save it on another machine',
    );
  }
  const value = await next();
  const keys = await next();
  const listed = keys instanceof PickleList ? keys.items : [];
  if (listed.length !== host.storages.size || new Set(listed).size !== listed.length) {
    fail('storage', 'it lists other storages than its tensors need');
  }
  const places = new Map<string, Place>();
  for (const key of listed) {
    const storage =
      host.storages.get(String(key)) ?? fail('storage', 'it lists other storages than its tensors need');
    const bytes = bytesOf(storage.dtype, storage.count);
    if (at + 8 + bytes > source.size)
      fail('truncated', `it ends within the storage "${key}". Download it again`);
    const head = await source.read(at, 8);
    if (new DataView(head.buffer).getBigInt64(0, true) !== BigInt(storage.count)) {
      fail('storage', `its storage "${key}" has another length than its tensors say`);
    }
    places.set(storage.key, { start: at + 8 });
    at += 8 + bytes;
  }
  return torchFile(source, value, ({ key }) => places.get(key)!);
}

const failer =
  (path: string): Fail =>
  (problem, detail) => {
    throw new CheckpointFormatError(path, problem, detail);
  };

function torchFile(
  source: RandomAccess,
  root: PickleValue,
  find: (storage: TorchStorage) => Promise<Place> | Place,
): TorchFile {
  const fail = failer(source.path);
  if (!(root instanceof PickleDict)) return fail('empty', 'it holds no state dict');
  const views = namedTensors(root, fail);
  if (views.size === 0) fail('empty', 'it holds no tensor');
  const all = [...views.values()];
  const total = all.reduce((sum, { storage, shape }) => sum + bytesOf(storage.dtype, elementCount(shape)), 0);
  const effort = all.reduce((sum, view) => sum + effortOf(view, bytesOf(view.storage.dtype, 1)), 0);
  if (!(total <= 16 * source.size + SHARED_BYTES) || !(effort <= 64 * source.size + MOST_EFFORT)) {
    fail(
      'limit',
      `its tensors would take ${total} bytes, or are too scattered, out of all proportion to the file`,
    );
  }
  const places = new Map<TorchStorage, Place>();
  /** The place of a storage, once its checksum is known to be right unless `isWhole`: then what is read next is it. */
  const placeOf = async (storage: TorchStorage, isWhole: boolean): Promise<Place> => {
    const known = places.get(storage);
    if (known) return known;
    const place = await find(storage);
    if (place.entry && !isWhole) await assertStored(source, place.start, place.entry);
    if (!isWhole) places.set(storage, { start: place.start });
    return place;
  };
  const readStored = async (
    storage: TorchStorage,
    start: number,
    end: number,
  ): Promise<Uint8Array<ArrayBuffer>> => {
    const place = await placeOf(storage, start === 0 && end === bytesOf(storage.dtype, storage.count));
    const bytes = await source.read(place.start + start, end - start);
    if (place.entry && bytes.length === place.entry.size) {
      assertCrc(source.path, place.entry, crc32(bytes));
      places.set(storage, { start: place.start });
    }
    return bytes;
  };
  const file = tensorFile({
    path: source.path,
    tensors: new Map([...views].map(([name, { storage, shape }]) => [name, { dtype: storage.dtype, shape }])),
    readRows: (name, from, to) => {
      const { storage, offset, shape, strides } = views.get(name)!;
      const [, ...inner] = shape;
      const rows = {
        offset: offset + from * (strides[0] ?? 0),
        shape: shape.length === 0 ? [] : [to - from, ...inner],
        strides,
      };
      return readView(rows, bytesOf(storage.dtype, 1), (start, end) => readStored(storage, start, end));
    },
    close: () => source.close(),
  });
  return { ...file, keys: [...root.entries.keys()].map(keyText), value: (path) => valueAt(root, path) };
}

async function assertStored(source: RandomAccess, start: number, entry: ZipEntry): Promise<void> {
  let crc = 0;
  for (let at = 0; at < entry.size; at += CHUNK) {
    crc = crc32(await source.read(start + at, Math.min(CHUNK, entry.size - at)), crc);
  }
  assertCrc(source.path, entry, crc);
}

/** What a key is called in a tensor's name: one that is no text or number, such as a tuple, by its place. */
const keyText = (key: PickleValue, index: number): string =>
  typeof key === 'object' && key !== null ? `[${index}]` : String(key);

/** The values inside of one, by key. */
function* membersOf(value: PickleValue): Generator<readonly [key: string, member: PickleValue]> {
  if (value instanceof TorchNamespace) yield* membersOf(value.attributes);
  else if (value instanceof PickleDict) {
    let index = 0;
    for (const [key, member] of value.entries) {
      const text = keyText(key, index++);
      if (Array.isArray(key)) yield [text, key];
      yield [text, member];
    }
  } else if (value instanceof PickleList) yield* membersOf(value.items);
  else if (Array.isArray(value)) for (const [i, member] of value.entries()) yield [String(i), member];
}

function namedTensors(root: PickleDict, fail: Fail): ReadonlyMap<string, TorchTensor> {
  const views = new Map<string, TorchTensor>();
  let visited = 0;
  let characters = 0;
  const visit = (value: PickleValue, prefix: string, depth: number): void => {
    if (depth > DEEPEST) fail('limit', `it nests values more than ${DEEPEST} deep`);
    for (const [key, member] of membersOf(value)) {
      if (++visited > MOST_VALUES)
        fail('limit', `it holds more than ${MOST_VALUES} values, or shares them without end`);
      // Long names are not put together: strings have a limit of their own.
      if (prefix.length + key.length > LONGEST_NAME) fail('limit', 'it has names longer than tensors have');
      const name = prefix + key;
      if (member instanceof TorchTensor) characters += name.length;
      if (characters > LONGEST_NAMES) fail('limit', 'it has names longer than tensors have');
      if (!(member instanceof TorchTensor)) visit(member, `${name}.`, depth + 1);
      else if (views.has(name)) fail('duplicate', `two of its tensors have the name "${name}"`);
      else views.set(name, member);
    }
  };
  visit(root, '', 0);
  return views;
}

function valueAt(value: PickleValue, path: string): ReturnType<TorchFile['value']> {
  const members = new Map(membersOf(value));
  const found = members.get(path);
  if (found !== undefined) return typeof found === 'object' && found !== null ? undefined : found;
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const member = members.get(path.slice(0, dot));
    const inner = member === undefined ? undefined : valueAt(member, path.slice(dot + 1));
    if (inner !== undefined) return inner;
  }
  return undefined;
}
