import * as v from 'valibot';

/** Values of one kind: which there are, and how they are written. */
export interface ValueKind<Value> {
  readonly schema: v.GenericSchema<unknown, Value>;
  /** What a value looks like, for help and messages. */
  readonly form: string;
  /** @returns undefined where the text is no such value */
  parse(text: string): Value | undefined;
  print(value: Value): string;
}

/** A number from `min` to `max`. */
export function decimal(min: number, max = Number.POSITIVE_INFINITY, form = `${min} … ${max}`) {
  return numeric(form, v.pipe(v.number(), v.finite(), v.minValue(min), v.maxValue(max)));
}

/** An integer from `min` to `max`. */
export function integer(min: number, max: number, form = `${min} … ${max}`) {
  return numeric(form, v.pipe(v.number(), v.safeInteger(), v.minValue(min), v.maxValue(max)));
}

/** One of a few words or numbers. */
export function oneOf<const Value extends string | number>(...values: readonly Value[]): ValueKind<Value> {
  return {
    schema: v.picklist(values),
    form: values.join('|'),
    parse: (text) => values.find((value) => `${value}` === text),
    print: (value) => `${value}`,
  };
}

/** Several values of a kind, joined by `+`, or by commas where the text stands alone. */
export function listOf<Value>(kind: ValueKind<Value>, least: number, most: number): ValueKind<Value[]> {
  const schema = v.pipe(v.array(kind.schema), v.minLength(least), v.maxLength(most));
  return {
    schema,
    form: `${kind.form}+…`,
    parse(text) {
      // The + of 1e+5 joins nothing; that behind a word does, whatever letter the word ends with.
      const values = text.split(/(?<!\de)\+|,/i).map((part) => kind.parse(part.trim()));
      const parsed = v.safeParse(schema, values);
      return parsed.success ? parsed.output : undefined;
    },
    print: (values) => values.map(kind.print).join('+'),
  };
}

function numeric(form: string, schema: v.GenericSchema<unknown, number>): ValueKind<number> {
  return {
    schema,
    form,
    parse(text) {
      // Zero has one sign: what differs in it alone would be two ways to say one thing.
      const value = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) + 0 : Number.NaN;
      return v.is(schema, value) ? value : undefined;
    },
    print: (value) => `${value}`,
  };
}
