import {
  ancestralSampler,
  annealedDiffusionSteps,
  constantGuidance,
  cosineMaskSchedule,
  ddimSampler,
  dpmSolverSampler,
  eulerSampler,
  evenMaskSchedule,
  halton,
  heunSampler,
  intervalGuidance,
  lazyMar,
  leastLikelyCorrector,
  linearGuidance,
  randomOrder,
  raster,
  subsample,
} from '@tessera/core';
import { haltonMaskSchedule, type LazyMarOptions, MAX_DIFFUSION_STEPS } from '@tessera/core/model';
import { bisectedOrder, type GtrOptions, gtr, MAX_STAGES } from '@tessera/gtr';
import * as v from 'valibot';
import { decimal, integer, listOf, oneOf, type ValueKind } from './value-kinds.js';

/** A part of a configuration is a choice with options of its own. `''` is the configuration itself. */
export type PartName = 'policy' | 'guidance' | 'sampler' | 'reuse' | 'corrector' | '';

/** A part as plain data; its rows know what is in it. */
export type Part = Readonly<Record<string, unknown>>;

/**
 * The functions that a part is made by, by the name of the choice. `fixed` options are a part of the choice; `scalar` names
 * the one option that the function takes without a name.
 */
export interface Choice {
  readonly module: '@tessera/core' | '@tessera/gtr';
  readonly symbol: string;
  readonly make: (options: never) => unknown;
  readonly fixed?: Part;
  readonly scalar?: string;
}

const fromCore = <Make extends Choice['make']>(
  symbol: string,
  make: Make,
  more: Pick<Choice, 'fixed' | 'scalar'> = {},
) => ({ module: '@tessera/core', symbol, make, ...more }) as const;

export const CHOICES = {
  policy: {
    random: fromCore('randomOrder', randomOrder),
    raster: fromCore('raster', raster),
    subsample: fromCore('subsample', subsample),
    halton: fromCore('halton', halton),
    diagonal: {
      module: '@tessera/gtr',
      symbol: 'bisectedOrder',
      make: bisectedOrder,
      fixed: { subsets: 'diagonal' },
    },
    quincunx: {
      module: '@tessera/gtr',
      symbol: 'bisectedOrder',
      make: bisectedOrder,
      fixed: { subsets: 'quincunx' },
    },
    gtr: { module: '@tessera/gtr', symbol: 'gtr', make: gtr },
  },
  guidance: {
    constant: fromCore('constantGuidance', constantGuidance, { scalar: 'scale' }),
    linear: fromCore('linearGuidance', linearGuidance, { scalar: 'scale' }),
    interval: fromCore('intervalGuidance', intervalGuidance),
  },
  sampler: {
    ancestral: fromCore('ancestralSampler', ancestralSampler),
    ddim: fromCore('ddimSampler', ddimSampler),
    dpm: fromCore('dpmSolverSampler', dpmSolverSampler),
    'dpm-sde': fromCore('dpmSolverSampler', dpmSolverSampler, { fixed: { stochastic: true } }),
    euler: fromCore('eulerSampler', eulerSampler),
    heun: fromCore('heunSampler', heunSampler),
  },
  reuse: {
    off: fromCore('lazyMar', () => undefined),
    lazymar: fromCore('lazyMar', lazyMar),
  },
  corrector: {
    off: fromCore('leastLikelyCorrector', () => undefined),
    'least-likely': fromCore('leastLikelyCorrector', leastLikelyCorrector),
  },
} as const satisfies Record<Exclude<PartName, ''>, Record<string, Choice>>;

/** A word of a spec, `/FLAG=VALUE`, and of the command line, `--FLAG VALUE`. */
export interface TextRow {
  readonly part: PartName;
  /** The choices that have it; absent where all of the part do. */
  readonly of?: readonly string[];
  readonly flag: string;
  /** Earlier words for it, which specs and scripts hold. */
  readonly aliases?: readonly string[];
  /** What a value looks like. */
  readonly form: string;
  readonly summary: string;
  /** Where it is written before the first `/`: NAME:STEPSxDIFFUSION. */
  readonly place?: 'steps' | 'diffusion';
  /** The row whose text gives this value too, and is written in its place. */
  readonly writtenBy?: string;
  /** The row that a text is read after, wherever the two stand: what it may be depends on that one. */
  readonly after?: string;
  /** What a text changes of the part; undefined where it can't be. */
  parse(text: string, part: Part): Part | undefined;
  print(part: Part): string;
}

/** One sampling knob, in one place. Parsing, printing, the command's options, help, tables and code are made from it. */
export interface Parameter<
  P extends PartName = PartName,
  Key extends string = string,
  Choices extends string = string,
  Value = unknown,
  Omitted extends boolean = boolean,
> extends TextRow {
  readonly part: P;
  readonly of?: readonly Choices[];
  /** Its name in JSON. */
  readonly key: Key;
  /** Its name in code. @default its key */
  readonly option?: string;
  /** The symbol of the papers. */
  readonly symbol?: string;
  readonly schema: v.GenericSchema<unknown, Value>;
  readonly default: NoInfer<Value>;
  /** Of the choices for which it is another one. */
  readonly defaults?: Readonly<Partial<Record<Choices, NoInfer<Value>>>>;
  /** Of the named policies that set it. */
  readonly presets?: Readonly<Record<string, NoInfer<Value>>>;
  /** `gtr-32-ENDING` is gtr-32 with this value. */
  readonly endings?: Readonly<Record<string, NoInfer<Value>>>;
  /** Whether JSON may lack it, and then means the default. */
  readonly filled?: boolean;
  /** Whether the default is left out of JSON: of knobs that are younger than the format. */
  readonly omitted: Omitted;
  /** The value that the function takes, where that is not plain data, and the code for it, with what that imports of core. */
  make?(value: Value): unknown;
  code?(value: Value): Code;
  /** Diffusion steps that a value may add to those of the plan. */
  addedDiffusionSteps?(value: Value): readonly number[];
}

/** An expression, and the name that it takes from core. */
export interface Code {
  readonly text: string;
  readonly symbol?: string;
}

type Row<P extends PartName, Key extends string, Choices extends string, Value> = Omit<
  Parameter<P, Key, Choices, Value>,
  'flag' | 'schema' | 'form' | 'parse' | 'print' | 'omitted'
> &
  Partial<Pick<Parameter<P, Key, Choices, Value>, 'flag' | 'form' | 'parse' | 'print'>> & {
    readonly values: ValueKind<Value>;
  };

/** A row. Its word is its key in lower case with hyphens, its text that of its values, unless it says otherwise. */
function parameter<
  const P extends PartName,
  const Key extends string,
  const Choices extends string,
  Value,
  const Omitted extends boolean = false,
>(
  row: Row<P, Key, Choices, Value> & { readonly omitted?: Omitted },
): Parameter<P, Key, Choices, Value, Omitted> {
  const { values, key, omitted = false as Omitted, ...rest } = row;
  return {
    key,
    omitted,
    flag: key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
    schema: values.schema,
    form: values.form,
    parse(text) {
      const value = values.parse(text);
      if (value === undefined) return undefined;
      return { [key]: omitted && value === row.default ? undefined : value };
    },
    print: (part) => values.print((part[key] ?? row.default) as Value),
    ...rest,
  };
}

const ORDERED = ['random', 'raster', 'subsample', 'halton', 'diagonal', 'quincunx'] as const;

const stepCount = integer(1, Number.MAX_SAFE_INTEGER, 'N');
const diffusionCount = integer(1, MAX_DIFFUSION_STEPS, 'N');
const scale = decimal(0, Number.POSITIVE_INFINITY, 'SCALE');
const fraction = decimal(0, 1);

const named = <Name extends string>(choices: Readonly<Record<Name, Choice>>): ValueKind<Name> =>
  oneOf(...(Object.keys(choices) as Name[]));
const schedules = named(CHOICES.guidance);
const samplers = named(CHOICES.sampler);

const COUNTS = { cosine: cosineMaskSchedule, halton: haltonMaskSchedule, even: evenMaskSchedule };

const shapes = oneOf('linear', 'cosine', 'two-stage');
const annealed = v.strictObject({
  from: diffusionCount.schema,
  to: diffusionCount.schema,
  shape: shapes.schema,
});
type Annealed = v.InferOutput<typeof annealed>;
const isAnnealed = (value: unknown): value is Annealed => v.is(annealed, value);

const oneOrFalling = listOf(diffusionCount, 1, 2);
const orderedDiffusionSteps: ValueKind<number | Annealed> = {
  schema: v.union([diffusionCount.schema, annealed]),
  form: 'N|FIRST+LAST',
  parse(text) {
    const [from, to] = oneOrFalling.parse(text) ?? [];
    return from === undefined || to === undefined ? from : { from, to, shape: 'linear' };
  },
  print: (value) => (typeof value === 'number' ? `${value}` : `${value.from}+${value.to}`),
};

const choices = oneOf('high', 'low', 'random', 'all');
const ftsOptions = v.strictObject({
  ratio: fraction.schema,
  detailSteps: diffusionCount.schema,
  /** Recipes of version 1 lack it and mean the method itself. */
  choose: v.optional(choices.schema, 'high'),
});

type LazyRefresh = NonNullable<LazyMarOptions['refresh']>;

/** What GtR's rows read of one another. */
interface Gtr {
  readonly maxSteps: number;
  readonly minSteps: number;
  readonly reconstructionSteps: number;
  readonly frequencyWeighted: false | v.InferOutput<typeof ftsOptions>;
}

function selectionOptions(value: Gtr['frequencyWeighted']): NonNullable<GtrOptions['frequencyWeighted']> {
  if (!value) return false;
  const { detailSteps, ...rest } = value;
  return { ...rest, detailDiffusionSteps: detailSteps };
}

/** T_detail unless it is given: 50, and no fewer than every other token of the stage gets. */
const usualDetailSteps = (reconstructionSteps: number): number => Math.max(50, reconstructionSteps);

const oneOrMore = listOf(stepCount, 1, MAX_STAGES);
const gtrSteps: ValueKind<number[]> = {
  ...oneOrMore,
  // A single number is more likely meant for all stages together, so one stage is `12+`.
  parse: (text) => (/[+,]/.test(text) ? oneOrMore.parse(text.replace(/\+$/, '')) : undefined),
  print: (steps) => (steps.length === 1 ? `${steps[0]}+` : oneOrMore.print(steps)),
};

const gtrDiffusionSteps = listOf(diffusionCount, 1, 4);

const warmUpAndInterval = v.strictObject({
  warmUp: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  interval: stepCount.schema,
});
const refreshes: ValueKind<LazyRefresh> = {
  schema: v.union([v.picklist(['published', 'stages']), stepCount.schema, warmUpAndInterval]),
  form: 'published|stages|N|WARMUP+N',
  parse(text) {
    if (text === 'published' || text === 'stages') return text;
    if (!/^\d+(\+\d+)?$/.test(text)) return undefined;
    const [first, interval] = text.split('+').map(Number);
    const parsed = v.safeParse(
      refreshes.schema,
      interval === undefined ? first : { warmUp: first, interval },
    );
    return parsed.success ? parsed.output : undefined;
  },
  print: (value) => (typeof value === 'object' ? `${value.warmUp}+${value.interval}` : `${value}`),
};
const lazyParts = listOf(oneOf('guidance', 'tokens', 'head'), 1, 3);
const keptShares: ValueKind<'published' | 'progress' | number> = {
  schema: v.union([v.picklist(['published', 'progress']), fraction.schema]),
  form: `published|progress|${fraction.form}`,
  parse: (text) => (text === 'published' || text === 'progress' ? text : fraction.parse(text)),
  print: (value) => `${value}`,
};

/** Every sampling knob. Specs are printed in this order, so a choice comes before its options. */
export const PARAMETERS = [
  parameter({
    part: 'policy',
    of: ORDERED,
    key: 'steps',
    place: 'steps',
    values: stepCount,
    default: 64,
    symbol: 'K',
    summary: 'sampling steps of an image',
  }),
  parameter({
    part: 'policy',
    of: ORDERED,
    key: 'diffusionSteps',
    place: 'diffusion',
    values: orderedDiffusionSteps,
    default: 100,
    presets: { disa: { from: 50, to: 5, shape: 'linear' } },
    make: (value) => (typeof value === 'number' ? value : annealedDiffusionSteps(value)),
    code: (value) =>
      typeof value === 'number'
        ? { text: `${value}` }
        : { symbol: 'annealedDiffusionSteps', text: `annealedDiffusionSteps(${literal(value)})` },
    summary: 'diffusion steps of a token; FIRST+LAST to let them fall',
  }),
  {
    part: 'policy',
    of: ORDERED,
    flag: 'annealing',
    form: shapes.form,
    summary: 'how diffusion steps such as 50+5 fall',
    parse(text, { diffusionSteps }) {
      const shape = shapes.parse(text);
      if (!shape || !isAnnealed(diffusionSteps)) return undefined;
      return { diffusionSteps: { ...diffusionSteps, shape } };
    },
    print: ({ diffusionSteps }) => (isAnnealed(diffusionSteps) ? diffusionSteps.shape : 'linear'),
  },
  parameter({
    part: 'policy',
    of: ORDERED,
    key: 'counts',
    option: 'maskSchedule',
    flag: 'mask-schedule',
    aliases: ['counts'],
    values: oneOf('cosine', 'halton', 'even'),
    default: 'cosine',
    defaults: { halton: 'halton' },
    filled: true,
    make: (value) => COUNTS[value],
    code: (value) => ({ symbol: `${value}MaskSchedule`, text: `${value}MaskSchedule` }),
    summary: 'tokens a step decodes: MAR’s cosine, Halton-MaskGIT’s, or as many each',
  }),
  parameter({
    part: 'policy',
    of: ['gtr'],
    key: 'steps',
    option: 'stepsPerStage',
    place: 'steps',
    values: gtrSteps,
    default: [24, 6, 2],
    summary: 'each stage’s, e.g. 24+6+2',
  }),
  {
    part: 'policy',
    of: ['gtr'],
    flag: 'diffusion-steps',
    place: 'diffusion',
    after: 'fts',
    form: 'MAX[+MIN[+RECONSTRUCTION[+DETAIL]]]',
    summary:
      'MAX to MIN in the generation stage, then of reconstructed tokens and, with fts, those it chooses',
    parse(text, part) {
      const { frequencyWeighted } = part as unknown as Gtr;
      const [maxSteps, minSteps = maxSteps, reconstructionSteps = minSteps, detailSteps] =
        gtrDiffusionSteps.parse(text) ?? [];
      if (reconstructionSteps === undefined || (detailSteps !== undefined && !frequencyWeighted))
        return undefined;
      return {
        maxSteps,
        minSteps,
        reconstructionSteps,
        frequencyWeighted: frequencyWeighted && {
          ...frequencyWeighted,
          detailSteps: detailSteps ?? usualDetailSteps(reconstructionSteps),
        },
      };
    },
    print(part) {
      const { maxSteps, minSteps, reconstructionSteps, frequencyWeighted } = part as unknown as Gtr;
      const usual = usualDetailSteps(reconstructionSteps);
      const all = [
        maxSteps,
        minSteps,
        reconstructionSteps,
        frequencyWeighted ? frequencyWeighted.detailSteps : usual,
      ];
      if (all[3] !== usual) return all.join('+');
      return all.slice(0, minSteps !== reconstructionSteps ? 3 : maxSteps !== minSteps ? 2 : 1).join('+');
    },
  },
  parameter({
    part: 'policy',
    of: ['gtr'],
    key: 'maxSteps',
    option: 'maxDiffusionSteps',
    flag: 'max-diffusion-steps',
    writtenBy: 'diffusion-steps',
    values: diffusionCount,
    default: 50,
    symbol: 'T_max',
    summary: 'diffusion steps of the first generation step',
  }),
  parameter({
    part: 'policy',
    of: ['gtr'],
    key: 'minSteps',
    option: 'minDiffusionSteps',
    flag: 'min-diffusion-steps',
    writtenBy: 'diffusion-steps',
    values: diffusionCount,
    default: 20,
    symbol: 'T_min',
    summary: 'diffusion steps of the last generation step',
  }),
  parameter({
    part: 'policy',
    of: ['gtr'],
    key: 'reconstructionSteps',
    option: 'reconstructionDiffusionSteps',
    flag: 'reconstruction-diffusion-steps',
    writtenBy: 'diffusion-steps',
    values: diffusionCount,
    default: 20,
    symbol: 'T_rec',
    summary: 'diffusion steps of reconstructed tokens',
  }),
  parameter({
    part: 'policy',
    of: ['gtr'],
    key: 'subsets',
    values: oneOf('diagonal', 'quincunx', 'random'),
    default: 'diagonal',
    endings: { quincunx: 'quincunx' },
    summary: 'the stages’ tokens: GtR’s stripes, lattices, or random ones, which leave nothing of its order',
  }),
  parameter({
    part: 'policy',
    of: ['gtr'],
    key: 'stageOrder',
    option: 'order',
    values: oneOf('random', 'halton', 'spread'),
    default: 'random',
    omitted: true,
    summary:
      'the order within a stage: random, Halton’s, or LPD’s: far from each other in a step, near to known ones',
  }),
  parameter({
    part: 'policy',
    of: ['gtr'],
    key: 'parity',
    option: 'firstColour',
    flag: 'first-colour',
    aliases: ['parity'],
    values: oneOf(0, 1),
    default: 0,
    endings: { odd: 1 },
    summary: 'the colour of the checkerboard that GtR generates',
  }),
  parameter({
    part: 'policy',
    of: ['gtr'],
    key: 'frequencyWeighted',
    flag: 'fts',
    values: {
      schema: v.union([v.literal(false), ftsOptions]),
      form: 'off|all|high[:RATIO]|low[:RATIO]|random[:RATIO]',
      parse: () => undefined,
      print: (value) =>
        value === false ? 'off' : value.choose === 'all' ? 'all' : `${value.choose}:${value.ratio}`,
    },
    default: { ratio: 0.1, detailSteps: usualDetailSteps(20), choose: 'high' },
    endings: { 'no-fts': false },
    make: selectionOptions,
    code: (value) => ({ text: literal(selectionOptions(value)) }),
    addedDiffusionSteps: (value) =>
      value && (value.choose === 'all' || value.ratio > 0) ? [value.detailSteps] : [],
    parse(text, part) {
      if (text === 'off') return { frequencyWeighted: false };
      const { frequencyWeighted, reconstructionSteps } = part as unknown as Gtr;
      const [name = '', share, ...more] = text.split(':');
      const usual = frequencyWeighted || { ratio: 0.1, detailSteps: usualDetailSteps(reconstructionSteps) };
      const choose = choices.parse(name);
      const ratio = share === undefined ? usual.ratio : fraction.parse(share);
      if (!choose || ratio === undefined || more.length > 0) return undefined;
      if (choose === 'all' && share !== undefined) return undefined;
      return { frequencyWeighted: { ...usual, ratio, choose } };
    },
    symbol: 'β',
    summary: 'the reconstructed tokens that get more diffusion steps, and the share of them',
  }),
  parameter({
    part: 'policy',
    of: ['gtr'],
    key: 'selectionStage',
    flag: 'fts-stage',
    values: oneOf('reconstruction', 'generation', 'both'),
    default: 'reconstruction',
    omitted: true,
    summary: 'the stage whose tokens FTS chooses from',
  }),
  parameter({
    part: 'policy',
    of: ['gtr'],
    key: 'selectionScore',
    flag: 'fts-score',
    values: oneOf('frequency', 'disagreement'),
    default: 'frequency',
    omitted: true,
    summary: 'what FTS chooses by: high frequencies of z, or how much z with and without the class disagree',
  }),
  parameter({
    part: 'guidance',
    key: 'scale',
    flag: 'guidance',
    values: scale,
    default: 1,
    form: 'off|SCALE|SCHEDULE[:SCALE[:ABOVE-UPTO]]',
    parse(text) {
      if (text === 'off') return { schedule: 'constant', scale: 1 };
      const [name = '', size, interval, ...more] = text.split(':');
      const schedule = schedules.parse(name);
      if (!schedule) return size === undefined ? defined({ scale: scale.parse(text) }) : undefined;
      const sized = size === undefined ? {} : defined({ scale: scale.parse(size) });
      const inside = interval === undefined ? {} : schedule === 'interval' ? intervalOf(interval) : undefined;
      return sized && inside && more.length === 0 ? { schedule, ...sized, ...inside } : undefined;
    },
    print({ schedule, scale, above, upTo }) {
      if (schedule === 'constant' && scale === 1) return 'off';
      return `${schedule}:${scale}${schedule === 'interval' ? `:${above}-${upTo}` : ''}`;
    },
    symbol: 's',
    summary: 'scale of classifier-free guidance, and how it runs over the steps',
  }),
  {
    part: 'guidance',
    flag: 'guidance-schedule',
    writtenBy: 'guidance',
    form: schedules.form,
    summary: 'how guidance runs over the steps',
    parse: (text) => defined({ schedule: schedules.parse(text) }),
    print: ({ schedule }) => `${schedule}`,
  },
  {
    part: 'guidance',
    flag: 'guidance-interval',
    writtenBy: 'guidance',
    of: ['interval'],
    form: 'ABOVE,UPTO',
    summary: 'the masked fractions in which the schedule interval guides',
    parse: (text) => intervalOf(text),
    print: ({ above = '', upTo = '' }) => `${above}-${upTo}`,
  },
  parameter({
    part: 'guidance',
    of: ['interval'],
    key: 'above',
    flag: 'guidance-above',
    writtenBy: 'guidance-interval',
    values: fraction,
    default: 0,
    summary: 'the masked fraction at which guidance ends',
  }),
  parameter({
    part: 'guidance',
    of: ['interval'],
    key: 'upTo',
    flag: 'guidance-up-to',
    writtenBy: 'guidance-interval',
    values: fraction,
    default: 0.5,
    summary: 'the masked fraction at which guidance begins',
  }),
  parameter({
    part: '',
    key: 'temperature',
    values: decimal(0, Number.POSITIVE_INFINITY, 'T'),
    default: 1,
    summary: 'scale of the diffusion noise',
  }),
  parameter({
    part: '',
    key: 'clamp',
    values: {
      schema: v.union([v.null(), scale.schema, v.pipe(v.array(scale.schema), v.minLength(1))]),
      form: 'off|LIMIT',
      parse(text) {
        const [limit, ...more] = listOf(scale, 1, Number.POSITIVE_INFINITY).parse(text) ?? [];
        return text === 'off' ? null : limit === undefined || more.length === 0 ? limit : [limit, ...more];
      },
      print: (value) => (value === null ? 'off' : [value].flat().join('+')),
    } as ValueKind<null | number | number[]>,
    default: null,
    summary: 'limit of x0, for all channels or each, joined by +',
  }),
  {
    part: 'sampler',
    flag: 'sampler',
    form: samplers.form,
    summary: 'sampler of the diffusion head; ddim adds no noise, so temperature is without effect',
    parse: (text) => defined({ name: samplers.parse(text) }),
    print: ({ name }) => `${name}`,
  },
  parameter({
    part: 'sampler',
    of: ['ancestral', 'ddim'],
    key: 'maxTimestep',
    values: integer(1, 999),
    default: 999,
    // From the noisiest timesteps DDIM is ill-conditioned.
    defaults: { ddim: 950 },
    presets: { disa: 950 },
    summary: 'the timestep where ancestral and ddim start; 999 leaves nothing out',
  }),
  parameter({
    part: 'sampler',
    of: ['ddim'],
    key: 'eta',
    values: fraction,
    default: 0,
    symbol: 'η',
    summary: 'share of noise in ddim',
  }),
  parameter({
    part: 'sampler',
    of: ['dpm', 'dpm-sde'],
    key: 'minLogSnr',
    values: decimal(-10, 0),
    default: -5.1,
    symbol: 'λ',
    summary: 'the log-SNR where dpm and dpm-sde start; -10 leaves nothing out',
  }),
  parameter({
    part: 'sampler',
    of: ['dpm', 'dpm-sde'],
    key: 'order',
    flag: 'solver-order',
    values: oneOf(1, 2),
    default: 2,
    summary: 'order of dpm and dpm-sde',
  }),
  {
    part: 'reuse',
    flag: 'lazy',
    form: `off|${refreshes.form}`,
    summary:
      'LazyMAR: the steps that compute everything, after which others take from them; 0 … 5 and each 9th as published, each stage’s first, or each N-th',
    parse(text) {
      if (text === 'off') return { method: 'off' };
      return defined({ method: 'lazymar', refresh: refreshes.parse(text) });
    },
    print: ({ method, refresh }) => (method === 'lazymar' ? refreshes.print(refresh as LazyRefresh) : 'off'),
  },
  parameter({
    part: 'reuse',
    of: ['lazymar'],
    key: 'refresh',
    flag: 'lazy-refresh',
    writtenBy: 'lazy',
    values: refreshes,
    default: 'published',
    summary: 'the steps that compute everything',
  }),
  parameter({
    part: 'reuse',
    of: ['lazymar'],
    key: 'parts',
    flag: 'lazy-parts',
    values: lazyParts,
    default: ['guidance', 'tokens', 'head'],
    form: 'guidance+tokens+head',
    summary: 'what is taken from earlier steps; guidance needs no graphs of its own',
  }),
  parameter({
    part: 'reuse',
    of: ['lazymar'],
    key: 'keptShare',
    flag: 'lazy-rows',
    values: keptShares,
    default: 'published',
    summary: 'share of the decoder’s rows computed behind the cut: by step, by progress, or one',
  }),
  parameter({
    part: 'reuse',
    of: ['lazymar'],
    key: 'extraRows',
    flag: 'lazy-extra-rows',
    values: integer(0, Number.MAX_SAFE_INTEGER, 'N'),
    default: 15,
    summary: 'rows computed behind the cut besides the tokens of two steps, at least',
  }),
  parameter({
    part: 'reuse',
    of: ['lazymar'],
    key: 'headInterval',
    flag: 'lazy-head',
    values: stepCount,
    default: 7,
    summary: 'the head runs in full at each N-th diffusion step',
  }),
  {
    part: 'corrector',
    flag: 'corrector',
    form: 'off|SHARE[:ROUNDS]',
    summary:
      'the share of tokens that are drawn again after the last step, those that the model finds least likely, and how often',
    parse(text) {
      if (text === 'off') return { method: 'off' };
      const [share = '', rounds, ...more] = text.split(':');
      const counted = rounds === undefined ? {} : defined({ rounds: stepCount.parse(rounds) });
      const shared = defined({ share: fraction.parse(share) });
      return shared && counted && more.length === 0
        ? { method: 'least-likely', ...shared, ...counted }
        : undefined;
    },
    print: ({ method, share, rounds }) => (method === 'least-likely' ? `${share}:${rounds}` : 'off'),
  },
  parameter({
    part: 'corrector',
    of: ['least-likely'],
    key: 'share',
    flag: 'corrector-share',
    writtenBy: 'corrector',
    values: fraction,
    default: 0.1,
    summary: 'the share of tokens that are drawn again',
  }),
  parameter({
    part: 'corrector',
    of: ['least-likely'],
    key: 'rounds',
    flag: 'corrector-rounds',
    writtenBy: 'corrector',
    values: stepCount,
    default: 2,
    summary: 'how often tokens are drawn again',
  }),
  parameter({
    part: 'corrector',
    of: ['least-likely'],
    key: 'diffusionSteps',
    flag: 'corrector-diffusion-steps',
    values: diffusionCount,
    default: 20,
    summary: 'diffusion steps of tokens that are drawn again',
  }),
  parameter({
    part: 'corrector',
    of: ['least-likely'],
    key: 'parts',
    flag: 'corrector-parts',
    values: stepCount,
    default: 4,
    summary: 'the parts that tokens are judged in, each a pass of the transformer',
  }),
  parameter({
    part: 'corrector',
    of: ['least-likely'],
    key: 'evaluations',
    flag: 'corrector-evaluations',
    values: stepCount,
    default: 4,
    summary: 'evaluations of the head that judge a token',
  }),
] as const satisfies readonly TextRow[];

/** The rows as text sees them. */
export const TEXT_ROWS: readonly TextRow[] = PARAMETERS;

export type PlainParameter = Extract<(typeof PARAMETERS)[number], { readonly schema: unknown }>;

function intervalOf(text: string): Part | undefined {
  const [above, upTo, ...more] = text.split(/(?<!e)[,-]/i).map((part) => fraction.parse(part.trim()));
  return above !== undefined && upTo !== undefined && above < upTo && more.length === 0
    ? { above, upTo }
    : undefined;
}

/** Plain data as code. */
export function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, part]) => `${key}: ${literal(part)}`)
      .join(', ')} }`;
  }
  return typeof value === 'string' ? `'${value}'` : `${value}`;
}

/** The part; undefined where a value in it is. */
function defined(part: Part): Part | undefined {
  return Object.values(part).includes(undefined) ? undefined : part;
}
