const BRAND = Symbol.for('tessera.error');

/**
 * Base of every error this project throws on purpose. `code` is stable across versions; match on it, or on the
 * class through `isInstance`, which also recognises errors made by another copy of the package.
 */
export class TesseraError extends Error {
  readonly code: string;
  readonly [BRAND] = true;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }

  static isInstance(error: unknown): error is TesseraError {
    return typeof error === 'object' && error !== null && BRAND in error;
  }
}

/** An array crossed a seam with another number of elements than its shape says. */
export class ShapeMismatchError extends TesseraError {
  readonly expected: readonly number[];
  readonly actual: readonly number[];

  constructor(what: string, expected: readonly number[], actual: readonly number[]) {
    super('shape-mismatch', `${what}: expected [${expected.join(', ')}], got [${actual.join(', ')}].`);
    this.expected = expected;
    this.actual = actual;
  }
}

/** An option is outside its range, or two options exclude each other. */
export class InvalidOptionError extends TesseraError {
  readonly option: string;
  readonly value: unknown;

  constructor(option: string, value: unknown, expectation: string) {
    super('invalid-option', `${option} = ${String(value)}: ${expectation}.`);
    this.option = option;
    this.value = value;
  }
}

/** A policy or refinement returned a plan that can't be carried out. */
export class InvalidPlanError extends TesseraError {
  readonly policy: string;
  readonly step: number;

  constructor(policy: string, step: number, problem: string) {
    super('invalid-plan', `Policy "${policy}", step ${step}: ${problem}.`);
    this.policy = policy;
    this.step = step;
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
    throw new InvalidOptionError(option, value, `must be ${range}`);
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
    throw new InvalidOptionError(option, value, `must be ${range}`);
  }
}

/** A model was used after its `dispose()`. */
export class ModelDisposedError extends TesseraError {
  constructor() {
    super('model-disposed', 'The model has been disposed of. Load it again to go on.');
  }
}

/** A model gave NaN or infinity. */
export class NonFiniteError extends TesseraError {
  /** What is not finite and where, e.g. the diffusion step and row. */
  readonly where: string;

  constructor(where: string) {
    super(
      'non-finite',
      `${where} is not finite. Run the model in fp32 or on another device; if it stays so, verify the model's files.`,
    );
    this.where = where;
  }
}
