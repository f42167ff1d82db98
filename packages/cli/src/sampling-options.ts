import { textTable } from '@tessera/evaluation-report/display';
import type { GuidanceDescription } from '@tessera/format';
import {
  NAMED_POLICIES,
  type NamedPolicy,
  type PolicyName,
  type SamplerDescription,
  type SamplingSettings,
  SUFFIXES,
} from '@tessera/format';
import { type Command, Option } from 'commander';
import { decimalOption } from './number-options.js';
import { UsageError } from './usage-error.js';

/** Options that decide how a picture is sampled, where its policy's text does not. */
export interface SamplingFlags {
  readonly guidance?: number;
  readonly guidanceSchedule?: GuidanceDescription['schedule'];
  readonly guidanceInterval?: string;
  readonly temperature?: number;
  readonly sampler?: SamplerDescription['name'];
}

export const DEFAULT_POLICY: PolicyName = 'gtr-32';

export function withSamplingOptions(command: Command): Command {
  return command
    .addOption(decimalOption('--guidance <scale>', "guidance scale, 1 for none (default: the model's)"))
    .addOption(
      new Option('--guidance-schedule <kind>', "how it runs over the steps (default: the model's)").choices([
        'constant',
        'linear',
        'interval',
      ]),
    )
    .option(
      '--guidance-interval <from,to>',
      'masked fractions in which the schedule "interval" guides (default: 0,0.5)',
    )
    .addOption(decimalOption('--temperature <t>', "scale of the diffusion noise (default: the model's)"))
    .addOption(
      new Option(
        '--sampler <name>',
        'sampler of the diffusion head; ddim adds no noise, so temperature is without effect (default: ancestral)',
      ).choices(['ancestral', 'ddim', 'dpm', 'dpm-sde']),
    );
}

/** What the flags say for all policies whose text says nothing of it. */
export function settingsFromFlags(flags: SamplingFlags): SamplingSettings {
  const { guidance: scale, guidanceSchedule: schedule, guidanceInterval, temperature, sampler } = flags;
  return {
    guidance: {
      ...(scale === undefined ? {} : { scale }),
      ...(schedule === undefined ? {} : { schedule }),
      ...(guidanceInterval === undefined ? {} : intervalFrom(guidanceInterval)),
    },
    ...(temperature === undefined ? {} : { temperature }),
    ...(sampler === undefined ? {} : { sampler: { name: sampler } }),
  };
}

function intervalFrom(text: string): { readonly above: number; readonly upTo: number } {
  const [above, upTo, ...more] = text
    .split(',')
    .map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (
    above === undefined ||
    upTo === undefined ||
    more.length > 0 ||
    !(above >= 0 && above < upTo && upTo <= 1)
  ) {
    throw new UsageError(
      `--guidance-interval takes two fractions from 0 to 1, the smaller first, e.g. 0,0.5, not "${text}".`,
    );
  }
  return { above, upTo };
}

/** The list of policies, for help texts. */
export function policyList(): string {
  const policies: readonly [string, NamedPolicy][] = Object.entries(NAMED_POLICIES);
  const rows = policies.map(([name, { summary }]) => [
    `  ${name}${name === DEFAULT_POLICY ? ' (default)' : ''}`,
    summary,
  ]);
  const suffixes = Object.entries(SUFFIXES).map(
    ([key, { form, summary }]) => `  /${key}=${form}\n      ${summary}`,
  );
  return `Policies:
${textTable(rows, [false, false]).join('\n')}

  NAME:STEPSxDIFFUSION changes the counts, e.g. mar:32x50, disa:32x30+5, gtr-16:8+2+1,
  gtr-32:24+6+2x40+15+10+40 (diffusion steps: first, last, reconstruction, FTS detail).
  Behind that may stand, e.g. gtr-32/fts=low or mar:64x20/sampler=ddim/guidance=constant:3:
${suffixes.join('\n')}`;
}
