import { TEXT_ROWS, type TextRow } from './parameters.js';
import { SamplerSpecError, type SpecFlags } from './parse-spec.js';
import { NAMED_POLICIES } from './presets.js';
import { partOf, type SamplingOverrides, withPart } from './sampling-config.js';

/** An option of a command that sets a knob. */
export interface ParameterOption {
  /** Without its hyphens, e.g. `solver-order`. */
  readonly flag: string;
  readonly form: string;
  readonly summary: string;
  /** Whether it is of the policy, and so checked together with it. */
  readonly ofPolicy: boolean;
  /** Whether help leaves it out: an earlier word, or a part of what another option says. */
  readonly hidden: boolean;
}

/** Every knob as an option of a command, in the order of its words. */
export const PARAMETER_OPTIONS: readonly ParameterOption[] = optionsOf(TEXT_ROWS);

function optionsOf(rows: readonly TextRow[]): ParameterOption[] {
  const options = new Map<string, ParameterOption>();
  for (const { flag, aliases = [], form, summary, part, writtenBy } of rows) {
    const before = options.get(flag);
    const option = {
      flag,
      form: before ? `${before.form}|${form}` : form,
      summary: before ? `${before.summary}; GtR: ${summary}` : summary,
      ofPolicy: part === 'policy',
      hidden: writtenBy !== undefined,
    };
    for (const each of [flag, ...aliases])
      options.set(each, { ...option, flag: each, hidden: each !== flag || option.hidden });
  }
  return [...options.values()].sort((a, b) => (a.flag < b.flag ? -1 : 1));
}

/**
 * What options of a command say of a sampling, beside its policy.
 *
 * @param flags text by flag; those of the policy are passed over, since `parseSpec` takes them
 * @throws SamplerSpecError where a value can't be
 */
export function parseSettings(flags: SpecFlags): Omit<SamplingOverrides, 'policy' | 'preset'> {
  let overrides: SamplingOverrides = {};
  for (const [flag, text] of Object.entries(flags)) {
    const row = TEXT_ROWS.find(
      (each) => each.part !== 'policy' && (each.flag === flag || each.aliases?.includes(flag)),
    );
    if (!row || text === undefined) continue;
    const change = row.parse(text, partOf(overrides, row.part));
    if (!change) throw new SamplerSpecError(`--${flag} ${text} can't be. It is ${row.form}: ${row.summary}.`);
    overrides = withPart(overrides, row.part, change);
  }
  return overrides;
}

/** A word that may stand in a spec: what it looks like, and what it changes. */
export function specWords(): readonly ParameterOption[] {
  return PARAMETER_OPTIONS.filter(({ hidden }) => !hidden);
}

/** Policies by name, with what they do. */
export function policyRows(): readonly (readonly [name: string, summary: string])[] {
  return Object.entries(NAMED_POLICIES).map(([name, { summary }]) => [name, summary]);
}

/** The words of a spec as a table in Markdown. */
export function specTable(): string {
  const rows = specWords().map(({ flag, form, summary }) => [
    `\`${flag}\``,
    `\`${form.replaceAll('|', '\\|')}\``,
    summary,
  ]);
  return markdownTable([['key', 'value', 'changes'], ...rows]);
}

function markdownTable([head = [], ...rows]: readonly (readonly string[])[]): string {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
