const BRAND = Symbol.for('tessera.error');

/**
 * Base of every error this project throws on purpose. `code` is stable across versions; match on it, or on the
 * class through `isInstance`, which also recognises errors made by another copy of the package or sent by a worker.
 * `name` follows from the code.
 */
export class TesseraError extends Error {
  /** What all errors of a class have as their code. The base class has none: every error is one of its. */
  static readonly code: string | undefined = undefined;
  readonly code: string;
  readonly [BRAND] = true;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = nameOfCode(code);
    this.code = code;
  }

  static isInstance<E extends TesseraError>(this: ErrorClass<E>, error: unknown): error is E {
    // biome-ignore lint/complexity/noThisInStatic: the subclass that is asked
    return isOfClass(this, error);
  }
}

/** A class of errors, as `isInstance` sees it. */
export interface ErrorClass<E extends TesseraError = TesseraError> {
  readonly code: string | undefined;
  readonly prototype: E;
}

/** `DeviceLostError` of `device-lost`. Not the class's own name, which bundlers change. */
function nameOfCode(code: string): string {
  return `${code.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase())}Error`;
}

function isOfClass({ code, prototype }: ErrorClass, error: unknown): boolean {
  if (typeof error !== 'object' || error === null || !(BRAND in error)) return false;
  if (code !== undefined) return 'code' in error && error.code === code;
  return prototype === TesseraError.prototype || Object.prototype.isPrototypeOf.call(prototype, error);
}

/** An array crossed a seam with another number of elements than its shape says. */
export class ShapeMismatchError extends TesseraError {
  static override readonly code = 'shape-mismatch';
  readonly expected: readonly number[];
  readonly actual: readonly number[];

  constructor(what: string, expected: readonly number[], actual: readonly number[]) {
    super(ShapeMismatchError.code, `${what}: expected [${expected.join(', ')}], got [${actual.join(', ')}].`);
    this.expected = expected;
    this.actual = actual;
  }
}

/** An option is outside its range, or two options exclude each other. */
export class InvalidOptionError extends TesseraError {
  static override readonly code = 'invalid-option';
  readonly option: string;
  readonly value: unknown;
  /** What the value must be; for callers that know the option by another name. */
  readonly expectation: string;

  constructor(option: string, value: unknown, expectation: string) {
    super(InvalidOptionError.code, `${option} = ${wordsOf(value)}: ${expectation}.`);
    this.option = option;
    this.value = value;
    this.expectation = expectation;
  }
}

/** A policy or refinement returned a plan that can't be carried out. */
export class InvalidPlanError extends TesseraError {
  static override readonly code = 'invalid-plan';
  readonly policy: string;
  readonly step: number;

  constructor(policy: string, step: number, problem: string, options?: { cause?: unknown }) {
    super(InvalidPlanError.code, `Policy "${policy}", step ${step}: ${problem}.`, options);
    this.policy = policy;
    this.step = step;
  }
}

/** What a value says: an error's message, or anything else as text. Unlike `String` it throws for no value. */
export function wordsOf(value: unknown): string {
  try {
    return String(value instanceof Error ? value.message : value);
  } catch {
    return '[object Object]';
  }
}

/** Throws {@link ShapeMismatchError} unless `array` holds exactly the product of `shape`. */
export function assertShape(
  what: string,
  array: { readonly length: number },
  shape: readonly number[],
): void {
  const expected = shape.reduce((product, extent) => product * extent, 1);
  if (array.length !== expected) throw new ShapeMismatchError(what, shape, [array.length]);
}

/** For numbers of another type, which look like numbers in a message: `'1'` and `1n`. */
export function typeNote(value: unknown): string {
  return typeof value === 'number' || value == null
    ? ''
    : `, as a number, not ${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`;
}

/** Throws {@link InvalidOptionError} unless `value` is an integer in [min, max]. */
export function assertInteger(
  option: string,
  value: number,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    const range =
      max === Number.MAX_SAFE_INTEGER ? `an integer ≥ ${min}` : `an integer from ${min} to ${max}`;
    throw new InvalidOptionError(option, value, `must be ${range}${typeNote(value)}`);
  }
}

/** Throws {@link InvalidOptionError} unless `value` is a finite number in [min, max]. */
export function assertNumber(
  option: string,
  value: number,
  min: number,
  max = Number.POSITIVE_INFINITY,
): void {
  if (!Number.isFinite(value) || value < min || value > max) {
    const range =
      max === Number.POSITIVE_INFINITY ? `a finite number ≥ ${min}` : `a number from ${min} to ${max}`;
    throw new InvalidOptionError(option, value, `must be ${range}${typeNote(value)}`);
  }
}

/** A model was used after its `dispose()`. */
export class ModelDisposedError extends TesseraError {
  static override readonly code = 'model-disposed';
  constructor() {
    super(ModelDisposedError.code, 'The model has been disposed of. Load it again to go on.');
  }
}

/** Unconditional rows were needed, for guidance, and conditions have none. */
export class UnguidedConditionsError extends TesseraError {
  static override readonly code = 'conditions-unguided';

  /** @param message what is missing, and what to do */
  constructor(message: string) {
    super(UnguidedConditionsError.code, message);
  }
}

/** Conditions were read after their `release()`. */
export class ConditionsReleasedError extends TesseraError {
  static override readonly code = 'conditions-released';
  constructor() {
    super(ConditionsReleasedError.code, 'These conditions have been released. Read them before that.');
  }
}

/** A model gave NaN or infinity. */
export class NonFiniteError extends TesseraError {
  static override readonly code = 'non-finite';
  /** What is not finite and where, e.g. the diffusion step and row. */
  readonly where: string;

  constructor(where: string) {
    super(
      NonFiniteError.code,
      `${where} is not finite. Run the model in fp32 or on another device; if it stays so, verify the model's files.`,
    );
    this.where = where;
  }
}
