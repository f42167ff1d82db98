import type { ComparedMetric } from '@tessera/evaluate';
import { EMBEDDED, type SpecFlags } from '@tessera/format';
import type { LoadedModel } from '@tessera/runtime-node';
import { shellWord } from './shell-word.js';

/** The flags that decide what an evaluation finds. */
export interface RepeatedFlags {
  readonly study?: string | undefined;
  readonly policies?: string;
  readonly n?: number;
  readonly seed?: number;
  readonly batch?: number;
  readonly model?: string | undefined;
  readonly beside?: string | undefined;
  readonly besidePolicies?: string | undefined;
  /** What `auto` came to, which on another machine may be something else. */
  readonly device: LoadedModel['device'];
  readonly dtype: LoadedModel['dtype'];
  /** Text of the sampling's flags. */
  readonly sampling?: SpecFlags;
  readonly network?: string | undefined;
  readonly real?: string | undefined;
  /** Those given, and those that a network has. */
  readonly margins: Partial<Readonly<Record<ComparedMetric, number>>>;
  readonly resamples?: number;
}

/** The command that makes the same report again, with nothing left to a default that may change. */
export function evaluationCommand(flags: RepeatedFlags): string {
  const margins = (['frechet', 'kid', 'recall', 'score'] as const)
    .map((metric) => flags.margins[metric])
    .filter((margin) => margin !== undefined);
  const options: readonly (readonly [name: string, value: string | number | undefined])[] = [
    ['study', flags.study],
    ['policies', flags.policies],
    ['n', flags.n],
    ['seed', flags.seed],
    ['batch', flags.batch],
    ['model', flags.model === EMBEDDED ? undefined : flags.model],
    ['beside', flags.beside],
    ['beside-policies', flags.besidePolicies],
    ['device', flags.device],
    ['dtype', flags.dtype],
    ...Object.entries(flags.sampling ?? {}),
    ['network', flags.network],
    ['real', flags.real],
    ['margin', margins.length === 0 ? undefined : margins.join(',')],
    ['resamples', flags.resamples],
  ];
  return `tessera evaluate ${options
    .flatMap(([name, value]) => (value === undefined ? [] : [`--${name} ${shellWord(`${value}`)}`]))
    .join(' ')}`;
}
