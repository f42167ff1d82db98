import { CheckpointFormatError, type CheckpointProblem } from '../errors.js';
import { PickleDict, PickleGlobal, type PickleHost, PickleObject, type PickleValue } from './pickle.js';
import type { SafetensorsDtype } from './safetensors-header.js';

/** Elements in a row, which tensors are views of. */
export class TorchStorage extends PickleObject {
  readonly key: string;
  readonly dtype: SafetensorsDtype;
  readonly count: number;
  constructor(key: string, dtype: SafetensorsDtype, count: number) {
    super();
    this.key = key;
    this.dtype = dtype;
    this.count = count;
  }
}

/** A view of a storage; offset and strides count elements. */
export class TorchTensor extends PickleObject {
  readonly storage: TorchStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(storage: TorchStorage, offset: number, shape: readonly number[], strides: readonly number[]) {
    super();
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/** `argparse.Namespace`: the settings of a training. */
export class TorchNamespace extends PickleObject {
  attributes = new PickleDict();
  override build(state: PickleValue): boolean {
    if (!(state instanceof PickleDict)) return false;
    this.attributes = state;
    return true;
  }
}

const STORAGES = {
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  DoubleStorage: 'F64',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
} as const satisfies Record<string, SafetensorsDtype>;

class StorageType extends PickleGlobal {
  readonly dtype: SafetensorsDtype;
  constructor(name: string, dtype: SafetensorsDtype) {
    super(name);
    this.dtype = dtype;
  }
}

const FUNCTIONS = [
  'collections.OrderedDict',
  'argparse.Namespace',
  'torch.Size',
  'torch._utils._rebuild_tensor_v2',
  'torch._utils._rebuild_parameter',
];

/** All that a pickle of torch.save may name: ten types of storages and five functions, none of which is run. */
const GLOBALS: ReadonlyMap<string, PickleGlobal> = new Map([
  ...FUNCTIONS.map((name) => [name, new PickleGlobal(name)] as const),
  ...Object.entries(STORAGES).map(([type, dtype]) => {
    const name = `torch.${type}`;
    return [name, new StorageType(name, dtype)] as const;
  }),
]);

const LARGEST_RANK = 64;

const isCount = (value: PickleValue | undefined): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

const isCounts = (value: PickleValue | undefined): value is readonly number[] =>
  Array.isArray(value) && value.length <= LARGEST_RANK && value.every(isCount);

/** Reads the tensors of one file's pickle. Storages of one key must agree. */
export class TorchHost implements PickleHost {
  readonly globals = GLOBALS;
  readonly storages = new Map<string, TorchStorage>();
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  refusal(name: string): string {
    const type = /^torch\.(\w+)Storage$/.exec(name)?.[1];
    if (type !== undefined) return `it holds tensors of the type ${type}, which no weights have`;
    return (
      `it names ${JSON.stringify(name)}, code that no weights need, and no code of a checkpoint is run. If you trust it, ` +
      'load it in Python and save model.state_dict() alone'
    );
  }

  call({ name }: PickleGlobal, args: readonly PickleValue[]): PickleValue | undefined {
    switch (name) {
      case 'collections.OrderedDict':
        return args.length === 0 ? new PickleDict(true) : undefined;
      case 'argparse.Namespace':
        return args.length === 0 ? new TorchNamespace() : undefined;
      case 'torch.Size':
        return args.length === 1 && isCounts(args[0]) ? args[0] : undefined;
      case 'torch._utils._rebuild_parameter':
        return args.length === 3 && args[0] instanceof TorchTensor ? args[0] : undefined;
      case 'torch._utils._rebuild_tensor_v2':
        return args.length === 6 || args.length === 7 ? this.#tensor(args) : undefined;
      default:
        return undefined;
    }
  }

  load(id: PickleValue): PickleValue | undefined {
    if (!Array.isArray(id)) return undefined;
    // In the legacy format a sixth part tells of views, which torch hasn't written since 0.4.
    const [kind, type, key, , count, view = null, ...rest] = id as readonly PickleValue[];
    if (kind !== 'storage' || !(type instanceof StorageType) || view !== null || rest.length > 0)
      return undefined;
    if (typeof key !== 'string' || !isCount(count)) return undefined;
    const known = this.storages.get(key);
    if (!known) {
      const storage = new TorchStorage(key, type.dtype, count);
      this.storages.set(key, storage);
      return storage;
    }
    if (known.dtype !== type.dtype || known.count !== count) {
      this.#fail('storage', `it announces the storage "${key}" twice, differently`);
    }
    return known;
  }

  #tensor([storage, offset, shape, strides]: readonly PickleValue[]): TorchTensor | undefined {
    if (!(storage instanceof TorchStorage)) return undefined;
    const isView = isCount(offset) && isCounts(shape) && isCounts(strides) && shape.length === strides.length;
    if (!isView) return this.#fail('storage', 'it holds a tensor whose shape and strides make no sense');
    const isEmpty = shape.includes(0);
    const last = shape.reduce((sum, extent, axis) => sum + (extent - 1) * strides[axis]!, offset);
    if (!isEmpty && !(last < storage.count)) {
      this.#fail('storage', `it holds a tensor that reaches beyond its ${storage.count} elements`);
    }
    return new TorchTensor(storage, offset, shape, strides);
  }

  #fail(problem: CheckpointProblem, detail: string): never {
    throw new CheckpointFormatError(this.#path, problem, detail);
  }
}
