import * as v from 'valibot';
import {
  CHOICES,
  type Parameter,
  type Part,
  type PartName,
  type PlainParameter,
  TEXT_ROWS,
  type TextRow,
} from './parameters.js';

export type ChoicePart = Exclude<PartName, ''>;

/** The values of the rows that a choice of a part has, of those that JSON leaves out or of the others. */
type Values<P extends PartName, Choice extends string, Omitted extends boolean> = {
  readonly [R in PlainParameter as R extends {
    readonly part: P;
    readonly omitted: Omitted;
    readonly of?: readonly (infer C)[];
  }
    ? Choice extends C
      ? R['key']
      : never
    : never]: R extends { readonly schema: v.GenericSchema<unknown, infer Value> } ? Value : never;
};

/** What a part's rows give a choice of it. */
type Options<P extends PartName, Choice extends string> = Values<P, Choice, false> &
  Partial<Values<P, Choice, true>>;

/** A choice by its name, beside its options. */
type Choices<P extends ChoicePart, Discriminator extends string> = {
  [Name in keyof (typeof CHOICES)[P] & string]: { readonly [_ in Discriminator]: Name } & Options<P, Name>;
}[keyof (typeof CHOICES)[P] & string];

/** The key that names the choice of a part. */
export const DISCRIMINATORS = {
  policy: 'order',
  guidance: 'schedule',
  sampler: 'name',
  reuse: 'method',
  corrector: 'method',
} as const;

/** A policy as plain data. */
export type PolicyConfig = Choices<'policy', 'order'>;
/** A guidance schedule as plain data. */
export type GuidanceConfig = Choices<'guidance', 'schedule'>;
/** A sampler of the diffusion head as plain data. */
export type SamplerConfig = Choices<'sampler', 'name'>;

/** What steps take from earlier ones, as plain data. */
export type ReuseConfig = Choices<'reuse', 'method'>;

/** What is drawn again once all tokens are drawn, as plain data. */
export type CorrectorConfig = Choices<'corrector', 'method'>;

/**
 * All choices that decide a picture besides model, class, seed and index, as plain JSON. Nothing is left to a default. Each
 * knob is a row of `PARAMETERS`.
 */
export interface SamplingConfig extends Options<'', string> {
  readonly policy: PolicyConfig;
  readonly guidance: GuidanceConfig;
  readonly sampler: SamplerConfig;
  /** Absent where nothing is reused. */
  readonly reuse?: ReuseConfig;
  /** Absent where nothing is drawn again. */
  readonly corrector?: CorrectorConfig;
}

/** Some options of any of the choices. */
type Some<Union> = {
  readonly [K in Union extends unknown ? keyof Union : never]?: Union extends {
    readonly [_ in K]: infer Value;
  }
    ? Value
    : never;
};

/** What is asked for of a sampling; the rest is the model's, or a knob's default. */
export interface SamplingOverrides extends Some<Options<'', string>> {
  readonly policy?: PolicyConfig;
  readonly guidance?: Some<GuidanceConfig>;
  readonly sampler?: Some<SamplerConfig>;
  readonly reuse?: Some<ReuseConfig>;
  readonly corrector?: Some<CorrectorConfig>;
  /** What a named policy brings along where nothing else is asked for. */
  readonly preset?: {
    readonly sampler?: Some<SamplerConfig>;
    readonly reuse?: Some<ReuseConfig>;
    readonly corrector?: Some<CorrectorConfig>;
  };
}

/** The same with something of a part changed. */
export function withPart<Config extends SamplingOverrides>(
  config: Config,
  part: PartName,
  change: Part,
): Config {
  if (part === '') return { ...config, ...change };
  const values = Object.entries({ ...config[part], ...change }).filter(([, value]) => value !== undefined);
  return { ...config, [part]: Object.fromEntries(values) };
}

/** A part of a configuration as plain data. */
export function partOf(config: Partial<SamplingConfig> | SamplingOverrides, part: PartName): Part {
  return { ...(part === '' ? config : config[part]) };
}

/** The choice that a part of a configuration is. */
export function choiceOf(part: PartName, values: Part): string | undefined {
  return part === '' ? undefined : (values[DISCRIMINATORS[part]] as string | undefined);
}

/** The rows that a choice of a part has. */
export function rowsOf(part: PartName, choice: string | undefined): readonly TextRow[] {
  return TEXT_ROWS.filter((row) => row.part === part && (!row.of || row.of.includes(choice ?? '')));
}

/** The rows that hold values. */
export const PLAIN_PARAMETERS: readonly Parameter[] = TEXT_ROWS.filter(isParameter);

/** The rows whose values a choice of a part holds. */
export function parametersOf(part: PartName, choice: string | undefined): readonly Parameter[] {
  return rowsOf(part, choice).filter(isParameter);
}

/** A knob's value where nothing asks for another one. */
export function defaultOf(row: Parameter, choice: string | undefined): unknown {
  return row.defaults?.[choice ?? ''] ?? row.default;
}

function isParameter(row: TextRow | Parameter): row is Parameter {
  return 'schema' in row;
}

function partSchema<P extends ChoicePart>(part: P): v.GenericSchema<unknown, NonNullable<SamplingConfig[P]>> {
  const key: string = DISCRIMINATORS[part];
  const choices = Object.keys(CHOICES[part]).map((choice) =>
    v.strictObject({ [key]: v.literal(choice), ...entriesOf(part, choice) }),
  );
  // The types of both sides are made from the same rows.
  return v.variant(key, choices) as never;
}

function entriesOf(part: PartName, choice: string | undefined): Record<string, v.GenericSchema> {
  return Object.fromEntries(
    parametersOf(part, choice).map((row) => {
      const { key, schema, filled, omitted } = row;
      if (omitted) return [key, v.exactOptional(schema)];
      return [key, filled ? v.optional(schema, defaultOf(row, choice)) : schema];
    }),
  );
}

export const guidanceSchema = v.pipe(
  partSchema('guidance'),
  v.check(
    (guidance) => guidance.schedule !== 'interval' || guidance.above < guidance.upTo,
    'above must be less than upTo',
  ),
);

export const samplingSchema: v.GenericSchema<unknown, SamplingConfig> = v.strictObject({
  policy: partSchema('policy'),
  guidance: guidanceSchema,
  sampler: partSchema('sampler'),
  reuse: v.exactOptional(partSchema('reuse')),
  corrector: v.exactOptional(partSchema('corrector')),
  ...(entriesOf('', undefined) as {
    readonly [K in keyof Options<'', string>]: v.GenericSchema<unknown, Options<'', string>[K]>;
  }),
});
