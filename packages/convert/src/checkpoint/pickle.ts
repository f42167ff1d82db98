import { CheckpointFormatError, type CheckpointProblem } from '../errors.js';

/** A dictionary of a pickle, in its order. */
export class PickleDict {
  readonly entries = new Map<PickleValue, PickleValue>();
  /** Whether BUILD may give it attributes: an OrderedDict has them, a plain dictionary has none. */
  readonly takesState: boolean;
  constructor(takesState = false) {
    this.takesState = takesState;
  }
}

/** A list or a set of a pickle. Its tuples are arrays. */
export class PickleList {
  readonly items: PickleValue[] = [];
}

/** What a pickle names, by module and name. What it may do is for {@link PickleHost} to say. */
export class PickleGlobal {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** What a host makes of tuples: a tensor, a storage, an object with attributes. */
export abstract class PickleObject {
  /** What BUILD calls it with; false where it takes no state. */
  build(_state: PickleValue): boolean {
    return false;
  }
}

export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly PickleValue[]
  | PickleList
  | PickleDict
  | PickleGlobal
  | PickleObject;

/** What lies outside of a pickle. Each returns undefined where it knows nothing of the kind. */
export interface PickleHost {
  /** The only names that a pickle may have. */
  readonly globals: ReadonlyMap<string, PickleGlobal>;
  /** Why a name that isn't among them is refused. */
  refusal(name: string): string;
  call(callee: PickleGlobal, args: readonly PickleValue[]): PickleValue | undefined;
  load(id: PickleValue): PickleValue | undefined;
}

/** Marks within marks: torch nests them a few deep. */
const DEEPEST_MARK = 1000;
/** Bytes that all values of a pickle may take; 100,000 tensors take less. */
const LARGEST_VALUES = 128 << 20;
/** What a value takes in memory, in bytes, roughly and rather too much. */
const COST = { scalar: 24, memo: 48, list: 96, dict: 256, object: 128 } as const;
/** Bytes of an integer; what training stores has 8. */
const LARGEST_INTEGER = 256;
const LONGEST_NAME = 256;

/** Whether a dictionary may have it as a key. What tuples hold is not looked at. */
const isHashable = (key: PickleValue): boolean =>
  !(key instanceof PickleDict || key instanceof PickleList || key instanceof PickleObject);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads one pickle (protocols 2 to 5), of data alone: nothing is run, nothing looked up but what `host` knows, and what
 * torch.save doesn't write is refused. Neither depth nor sharing of values costs stack or time here; who walks them has
 * to bound both.
 *
 * @param bytes what holds the pickle, from `start` on
 * @returns the value, and where the pickle ends
 * @see Lib/pickletools.py of CPython, for what each opcode does
 * @throws CheckpointFormatError, with the problem `truncated` where `bytes` end before the pickle does
 */
export function unpickle(
  path: string,
  bytes: Uint8Array,
  host: PickleHost,
  start = 0,
): { readonly value: PickleValue; readonly end: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const stack: PickleValue[] = [];
  const marks: number[] = [];
  // Picklers number what they keep from 0 on; what has another number lies in `others`.
  const memo: PickleValue[] = [];
  const others = new Map<number, PickleValue>();
  let at = start;
  let spent = 0;

  const fail: (detail: string, problem?: CheckpointProblem) => never = (detail, problem = 'pickle') => {
    throw new CheckpointFormatError(path, problem, detail);
  };
  const spend = (cost: number): void => {
    spent += cost;
    if (spent > LARGEST_VALUES) fail('its pickle holds more values than weights need', 'limit');
  };
  /** Moves on by `length` bytes. @returns where they begin */
  const take = (length: number): number => {
    if (!(length <= bytes.length - at)) fail('its pickle ends too early. Download it again', 'truncated');
    at += length;
    return at - length;
  };
  const u8 = (): number => view.getUint8(take(1));
  const u16 = (): number => view.getUint16(take(2), true);
  const u32 = (): number => view.getUint32(take(4), true);
  const u64 = (): number => Number(view.getBigUint64(take(8), true));
  const slice = (length: number): Uint8Array => {
    const from = take(length);
    return bytes.subarray(from, from + length);
  };
  const text = (length: number): string => {
    const part = slice(length);
    spend(2 * length);
    try {
      return utf8.decode(part);
    } catch {
      return fail('its pickle holds text that is not UTF-8');
    }
  };
  const line = (): string => {
    const length = bytes.subarray(at, at + LONGEST_NAME + 1).indexOf(10);
    if (length < 0) {
      if (at + LONGEST_NAME >= bytes.length) take(LONGEST_NAME + 1);
      fail('its pickle has a name without an end');
    }
    const name = text(length);
    take(1);
    return name;
  };
  const integer = (length: number): number | bigint => {
    if (length > LARGEST_INTEGER) fail(`its pickle holds an integer of ${length} bytes`, 'limit');
    const part = slice(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(part[i]!);
    const signed = BigInt.asIntN(8 * length, value);
    const short = Number(signed);
    return Number.isSafeInteger(short) ? short : signed;
  };

  const push = (value: PickleValue, cost: number = COST.scalar): void => {
    spend(cost);
    stack.push(value);
  };
  /** Values above the last mark, or the last mark's but a fixed number, can't be taken. */
  const pop = (): PickleValue => {
    if (stack.length <= (marks.at(-1) ?? 0)) fail('its pickle takes a value that is not there');
    return stack.pop()!;
  };
  const top = (): PickleValue => {
    if (stack.length <= (marks.at(-1) ?? 0)) fail('its pickle takes a value that is not there');
    return stack.at(-1)!;
  };
  const popMark = (): PickleValue[] => {
    const mark = marks.pop();
    return mark === undefined ? fail('its pickle takes a mark that is not there') : stack.splice(mark);
  };
  const tuple = (items: readonly PickleValue[]): void => push(items, COST.list);
  const append = (items: readonly PickleValue[]): void => {
    const list = top();
    if (!(list instanceof PickleList)) fail('its pickle appends to what is no list');
    spend(COST.scalar * items.length);
    for (const item of items) list.items.push(item);
  };
  const setItems = (items: readonly PickleValue[]): void => {
    const dict = top();
    if (!(dict instanceof PickleDict) || items.length % 2 !== 0) {
      fail('its pickle sets items of what is no dictionary');
    }
    spend(COST.memo * items.length);
    for (let i = 0; i < items.length; i += 2) {
      if (!isHashable(items[i]!)) fail('its pickle has a key that no dictionary takes');
      dict.entries.set(items[i]!, items[i + 1]!);
    }
  };
  const remember = (index: number): void => {
    spend(COST.memo);
    if (index < memo.length) memo[index] = top();
    else if (index === memo.length) memo.push(top());
    else others.set(index, top());
  };
  const recall = (index: number): void => {
    const value = index < memo.length ? memo[index] : others.get(index);
    if (value === undefined) fail('its pickle refers to a value that was never kept');
    push(value);
  };
  const find = (module: PickleValue, name: PickleValue): void => {
    const isName = (part: PickleValue): boolean => typeof part === 'string' && part.length <= LONGEST_NAME;
    if (!isName(module) || !isName(name)) fail('its pickle has a name that is no name of code');
    const full = `${module}.${name}`;
    push(host.globals.get(full) ?? fail(host.refusal(full), 'global'), COST.object);
  };
  const call = (): void => {
    const args = pop();
    const callee = pop();
    const made = callee instanceof PickleGlobal && Array.isArray(args) ? host.call(callee, args) : undefined;
    push(made ?? fail('its pickle calls what is no function of tensors, or with other arguments'), COST.dict);
  };
  const build = (): void => {
    const state = pop();
    const object = top();
    // A module's state dict has attributes of its own, _metadata; they are no tensors.
    const isBuilt =
      object instanceof PickleObject
        ? object.build(state)
        : object instanceof PickleDict && object.takesState;
    if (!isBuilt || !(state instanceof PickleDict)) fail('its pickle gives a state to what has none');
  };

  for (;;) {
    const opcode = u8();
    switch (opcode) {
      case 0x80: {
        const protocol = u8();
        if (protocol < 2 || protocol > 5) fail(`its pickle has the protocol ${protocol}; 2 to 5 are read`);
        break;
      }
      case 0x95: // FRAME
        if (u64() > bytes.length - at) fail('its pickle ends too early. Download it again', 'truncated');
        break;
      case 0x2e: {
        // STOP
        const value = pop();
        if (stack.length > 0 || marks.length > 0) fail('its pickle ends with values left over');
        return { value, end: at };
      }
      case 0x28: // MARK
        if (marks.length >= DEEPEST_MARK)
          fail(`its pickle nests values more than ${DEEPEST_MARK} deep`, 'limit');
        marks.push(stack.length);
        break;
      case 0x4e: // NONE
        push(null);
        break;
      case 0x88: // NEWTRUE
        push(true);
        break;
      case 0x89: // NEWFALSE
        push(false);
        break;
      case 0x4a: // BININT
        push(view.getInt32(take(4), true));
        break;
      case 0x4b: // BININT1
        push(u8());
        break;
      case 0x4d: // BININT2
        push(u16());
        break;
      case 0x8a: // LONG1
        push(integer(u8()));
        break;
      case 0x8b: // LONG4
        push(integer(u32()));
        break;
      case 0x47: // BINFLOAT
        push(view.getFloat64(take(8)));
        break;
      case 0x58: // BINUNICODE
        push(text(u32()));
        break;
      case 0x8c: // SHORT_BINUNICODE
      case 0x55: // SHORT_BINSTRING, of Python 2
        push(text(u8()));
        break;
      case 0x8d: // BINUNICODE8
        push(text(u64()));
        break;
      case 0x43: // SHORT_BINBYTES
        push(slice(u8()), COST.object);
        break;
      case 0x42: // BINBYTES
        push(slice(u32()), COST.object);
        break;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        push(slice(u64()), COST.object);
        break;
      case 0x29: // EMPTY_TUPLE
        tuple([]);
        break;
      case 0x85: // TUPLE1
        tuple([pop()]);
        break;
      case 0x86: {
        // TUPLE2
        const second = pop();
        tuple([pop(), second]);
        break;
      }
      case 0x87: {
        // TUPLE3
        const third = pop();
        const second = pop();
        tuple([pop(), second, third]);
        break;
      }
      case 0x74: // TUPLE
        tuple(popMark());
        break;
      case 0x5d: // EMPTY_LIST
      case 0x8f: // EMPTY_SET
        push(new PickleList(), COST.list);
        break;
      case 0x61: // APPEND
        append([pop()]);
        break;
      case 0x65: // APPENDS
      case 0x90: // ADDITEMS
        append(popMark());
        break;
      case 0x91: // FROZENSET
        tuple(popMark());
        break;
      case 0x7d: // EMPTY_DICT
        push(new PickleDict(), COST.dict);
        break;
      case 0x73: {
        // SETITEM
        const value = pop();
        setItems([pop(), value]);
        break;
      }
      case 0x75: // SETITEMS
        setItems(popMark());
        break;
      case 0x71: // BINPUT
        remember(u8());
        break;
      case 0x72: // LONG_BINPUT
        remember(u32());
        break;
      case 0x94: // MEMOIZE
        remember(memo.length + others.size);
        break;
      case 0x68: // BINGET
        recall(u8());
        break;
      case 0x6a: // LONG_BINGET
        recall(u32());
        break;
      case 0x63: {
        // GLOBAL
        const module = line();
        find(module, line());
        break;
      }
      case 0x93: {
        // STACK_GLOBAL
        const name = pop();
        find(pop(), name);
        break;
      }
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        call();
        break;
      case 0x62: // BUILD
        build();
        break;
      case 0x51: {
        // BINPERSID
        const id = pop();
        push(host.load(id) ?? fail('its pickle refers to what is no storage of a tensor'), COST.object);
        break;
      }
      default:
        fail(`its pickle holds the opcode 0x${opcode.toString(16)}, which torch.save doesn't write`);
    }
  }
}
