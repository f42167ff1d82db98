import { readFile } from 'node:fs/promises';
import { GoldenDataError, sentence } from './golden-data-error.js';

/** A JSON object whose fields are read by name and type; each reader throws {@link GoldenDataError} if it can't. */
export class JsonFields {
  readonly #where: string;
  readonly #values: Readonly<Record<string, unknown>>;

  /** @param where what the object is called in errors, e.g. `cases.json, case 3` */
  constructor(where: string, value: unknown) {
    if (!isObject(value)) throw new GoldenDataError(`${where} is not a JSON object.`);
    this.#where = where;
    this.#values = value;
  }

  get names(): readonly string[] {
    return Object.keys(this.#values);
  }

  /** The object as it was read. */
  get values(): Readonly<Record<string, unknown>> {
    return this.#values;
  }

  has(name: string): boolean {
    return name in this.#values;
  }

  isNull(name: string): boolean {
    return this.#values[name] === null;
  }

  text(name: string): string {
    const value = this.#values[name];
    return typeof value === 'string' ? value : this.#fail(name, 'a string');
  }

  number(name: string): number {
    const value = this.#values[name];
    return isNumber(value) ? value : this.#fail(name, 'a number');
  }

  numbers(name: string): readonly number[] {
    const value = this.#values[name];
    return Array.isArray(value) && value.every(isNumber) ? value : this.#fail(name, 'a list of numbers');
  }

  /** A respacing such as `"20"`, `"30,20"` or `"ddim50"`; a plain number is one too. */
  respacing(name: string): string {
    const value = this.#values[name];
    return isNumber(value) ? String(value) : this.text(name);
  }

  /** [sample][k]. */
  numberLists(name: string): readonly (readonly number[])[] {
    const value = this.#values[name];
    const fits = Array.isArray(value) && value.every((each) => Array.isArray(each) && each.every(isNumber));
    return fits ? value : this.#fail(name, 'a list of lists of numbers');
  }

  object(name: string): JsonFields {
    return new JsonFields(`${this.#where}: "${name}"`, this.#values[name]);
  }

  objects(name: string): readonly JsonFields[] {
    const value = this.#values[name];
    if (!Array.isArray(value)) return this.#fail(name, 'a list of objects');
    return value.map((each, i) => new JsonFields(`${this.#where}: "${name}" ${i}`, each));
  }

  #fail(name: string, expectation: string): never {
    const problem = this.has(name) ? `"${name}" must be ${expectation}` : `"${name}" is missing`;
    throw new GoldenDataError(`${this.#where}: ${problem}.`);
  }
}

/** Reads a JSON file that holds an object. */
export async function readJsonFields(path: string): Promise<JsonFields> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new GoldenDataError(`${path} can't be read: ${sentence(cause)}.`, { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new GoldenDataError(`${path} is not JSON: ${sentence(cause)}.`, { cause });
  }
  return new JsonFields(path, value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}
