import type { Manifest } from '@tessera/onnx';
import { type Command, Option } from 'commander';
import { decimalOption } from './number-options.js';
import { DEFAULT_POLICY, NAMED_POLICIES, type NamedPolicy } from './policy-names.js';
import type { GuidanceDescription, SamplerDescription, SamplingDescription } from './sampling-description.js';
import { table } from './terminal.js';
import { UsageError } from './usage-error.js';

/** Options that decide how a picture is sampled, but for the policy. */
export interface SamplingFlags {
  readonly guidance?: number;
  readonly guidanceSchedule?: GuidanceDescription['schedule'];
  readonly guidanceInterval?: string;
  readonly temperature?: number;
  readonly sampler: SamplerDescription['name'];
}

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
      'masked fractions in which the schedule "interval" guides',
      '0,0.5',
    )
    .addOption(decimalOption('--temperature <t>', "scale of the diffusion noise (default: the model's)"))
    .addOption(
      new Option(
        '--sampler <name>',
        'sampler of the diffusion head; ddim and dpm add no noise, so temperature is without effect',
      )
        .choices(['ancestral', 'ddim', 'dpm'])
        .default('ancestral'),
    );
}

/** What the flags say, and what the model's makers advise where they say nothing. */
export function samplingOf(
  policy: NamedPolicy,
  flags: SamplingFlags,
  { sampling }: Manifest,
): SamplingDescription {
  return {
    policy: policy.description,
    guidance: guidanceOf(flags, sampling.guidance),
    temperature: flags.temperature ?? sampling.temperature,
    clamp: sampling.clamp ?? null,
    sampler: samplerOf(flags.sampler, policy.maxTimestep),
  };
}

/** DDIM from the noisiest timesteps is ill-conditioned, so it starts no higher than DiSA does. */
function samplerOf(name: SamplerDescription['name'], maxTimestep: number | undefined): SamplerDescription {
  switch (name) {
    case 'ancestral':
      return { name, maxTimestep: maxTimestep ?? 999 };
    case 'ddim':
      return { name, maxTimestep: maxTimestep ?? 950, eta: 0 };
    case 'dpm':
      return { name, minLogSnr: -5.1, order: 2 };
  }
}

function guidanceOf(flags: SamplingFlags, advised: GuidanceDescription): GuidanceDescription {
  const scale = flags.guidance ?? advised.scale;
  const schedule = flags.guidanceSchedule ?? advised.schedule;
  if (schedule !== 'interval') return { schedule, scale };
  if (!flags.guidanceSchedule && advised.schedule === 'interval') return { ...advised, scale };
  const [above, upTo] = (flags.guidanceInterval ?? '').split(',').map(Number);
  if (above === undefined || upTo === undefined || !(above >= 0 && above < upTo && upTo <= 1)) {
    throw new UsageError(
      `--guidance-interval takes two fractions from 0 to 1, the smaller first, e.g. 0,0.5, not "${flags.guidanceInterval}".`,
    );
  }
  return { schedule, scale, above, upTo };
}

/** The list of policies, for help texts. */
export function policyList(): string {
  const rows = Object.entries(NAMED_POLICIES).map(([name, { summary }]) => [
    `  ${name}${name === DEFAULT_POLICY ? ' (default)' : ''}`,
    summary,
  ]);
  return `Policies:
${table(rows, [false, false]).join('\n')}

  NAME:STEPSxDIFFUSION changes the counts, e.g. mar:32x50, disa:32x30+5, gtr-16:8+2+1,
  gtr-32:24+6+2x40+15+10+40 (diffusion steps: first, last, reconstruction, FTS detail).`;
}
