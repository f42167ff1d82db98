import { open } from 'node:fs/promises';
import { elementCount, type SafetensorsDtype } from '../checkpoint/safetensors-header.js';
import { crc32 } from '../checkpoint/zip-directory.js';

/** A tensor for {@link writeTorch}, contiguous: its elements' bytes, little-endian in row-major order. */
export class TorchTensorToWrite {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly load: () => Uint8Array | Promise<Uint8Array>;
  constructor(
    dtype: SafetensorsDtype,
    shape: readonly number[],
    load: () => Uint8Array | Promise<Uint8Array>,
  ) {
    this.dtype = dtype;
    this.shape = shape;
    this.load = load;
  }
}

/** What a checkpoint may hold: dictionaries with tensors, numbers, texts. */
export type TorchValue = TorchTensorToWrite | string | number | null | { readonly [key: string]: TorchValue };

const STORAGES: Partial<Record<SafetensorsDtype, string>> = {
  F32: 'Float',
  F16: 'Half',
  BF16: 'BFloat16',
  F64: 'Double',
  I64: 'Long',
  I32: 'Int',
};

/** Texts as Latin-1, and little-endian numbers of some width in bytes. */
type Part = string | readonly [width: 1 | 2 | 4 | 8, value: number];
const bytesOf = (...parts: readonly Part[]): Buffer =>
  Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'string') return Buffer.from(part, 'latin1');
      const [width, value] = part;
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64LE(BigInt(value));
      return bytes.subarray(0, width);
    }),
  );

/** The pickle (protocol 2) of a value, and its tensors by the keys of their storages. */
function pickleOf(root: TorchValue): { pickle: Buffer; tensors: TorchTensorToWrite[] } {
  const tensors: TorchTensorToWrite[] = [];
  const parts: Buffer[] = [bytesOf('\x80\x02')];
  const put = (...bytes: readonly Part[]): unknown => parts.push(bytesOf(...bytes));
  const text = (value: string): void => {
    const utf8 = Buffer.from(value);
    put('X', [4, utf8.length]);
    parts.push(utf8);
  };
  const counts = (values: readonly number[]): void => {
    put('(');
    for (const value of values) put('J', [4, value]);
    put('t');
  };
  const write = (value: TorchValue): void => {
    if (value === null) put('N');
    else if (typeof value === 'string') text(value);
    else if (typeof value === 'number') {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(value);
      if (Number.isInteger(value)) put('\x8a\x08', [8, value]);
      else put('G', bytes.toString('latin1'));
    } else if (value instanceof TorchTensorToWrite) {
      put('ctorch._utils\n_rebuild_tensor_v2\n((');
      text('storage');
      put(`ctorch\n${STORAGES[value.dtype]}Storage\n`);
      text(String(tensors.push(value) - 1));
      text('cpu');
      put('J', [4, elementCount(value.shape)], 'tQK\x00');
      counts(value.shape);
      counts(value.shape.map((_, axis) => elementCount(value.shape.slice(axis + 1))));
      put('\x89ccollections\nOrderedDict\n)RtR');
    } else {
      put('}(');
      for (const [key, each] of Object.entries(value)) {
        text(key);
        write(each);
      }
      put('u');
    }
  };
  write(root);
  put('.');
  return { pickle: Buffer.concat(parts), tensors };
}

const ALIGNMENT = 64;

/**
 * Writes a checkpoint as torch.save does: stored entries at multiples of 64 bytes, sizes behind them, zip64 at the end. One
 * tensor is in memory at a time.
 */
export async function writeTorch(path: string, value: TorchValue): Promise<void> {
  const { pickle, tensors } = pickleOf(value);
  const handle = await open(path, 'w');
  const directory: Buffer[] = [];
  let at = 0;
  const write = async (bytes: Uint8Array): Promise<void> => {
    await handle.writeFile(bytes);
    at += bytes.length;
  };
  const add = async (name: string, bytes: Uint8Array): Promise<void> => {
    const [start, sum] = [at, crc32(bytes)];
    const padding = (2 * ALIGNMENT - ((start + 30 + name.length + 4) % ALIGNMENT)) % ALIGNMENT;
    const head = bytesOf([2, 0], [2, 0x0808], [2, 0], [4, 0]);
    await write(
      bytesOf('PK\x03\x04', head.toString('latin1'), [4, 0], [8, 0], [2, name.length], [2, padding + 4]),
    );
    await write(bytesOf(name, 'FB', [2, padding], '\0'.repeat(padding)));
    await write(bytes);
    await write(bytesOf('PK\x07\x08', [4, sum], [4, bytes.length], [4, bytes.length]));
    const isFar = start >= 0xffffffff;
    directory.push(
      bytesOf('PK\x01\x02', [2, 0], head.toString('latin1'), [4, sum], [4, bytes.length], [4, bytes.length]),
      bytesOf([2, name.length], [2, isFar ? 12 : 0], [2, 0], [2, 0], [2, 0], [4, 0]),
      bytesOf([4, isFar ? 0xffffffff : start], name),
      ...(isFar ? [bytesOf([2, 1], [2, 8], [8, start])] : []),
    );
  };
  try {
    await add('archive/data.pkl', pickle);
    for (const [key, tensor] of tensors.entries()) await add(`archive/data/${key}`, await tensor.load());
    await add('archive/version', Buffer.from('3\n'));
    const [start, list, count] = [at, Buffer.concat(directory), tensors.length + 2];
    await write(list);
    const end = at;
    await write(
      bytesOf('PK\x06\x06', [8, 44], [4, 0], [8, 0], [8, count], [8, count], [8, list.length], [8, start]),
    );
    await write(bytesOf('PK\x06\x07', [4, 0], [8, end], [4, 1]));
    const short = Math.min(start, 0xffffffff);
    await write(bytesOf('PK\x05\x06', [4, 0], [2, Math.min(count, 0xffff)], [2, Math.min(count, 0xffff)]));
    await write(bytesOf([4, list.length], [4, short], [2, 0]));
  } finally {
    await handle.close();
  }
}

/** Writes a checkpoint as torch.save did before version 1.6. */
export async function writeLegacyTorch(path: string, value: TorchValue): Promise<void> {
  const { pickle, tensors } = pickleOf(value);
  const keys = tensors.map((_, key) => bytesOf('X', [4, String(key).length], String(key)));
  const data = await Promise.all(
    tensors.map(async ({ shape, load }) => Buffer.concat([bytesOf([8, elementCount(shape)]), await load()])),
  );
  const handle = await open(path, 'w');
  await handle.writeFile(
    Buffer.concat([
      bytesOf('\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.', '\x80\x02M\xe9\x03.'),
      bytesOf('\x80\x02}X', [4, 13], 'little_endian', '\x88s.'),
      pickle,
      bytesOf('\x80\x02]('),
      ...keys,
      bytesOf('e.'),
      ...data,
    ]),
  );
  await handle.close();
}
