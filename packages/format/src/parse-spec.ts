import { TesseraError } from '@tessera/core';
import { TEXT_ROWS, type TextRow } from './parameters.js';
import { POLICY_NAMES, policyNamed } from './presets.js';
import { type PolicyConfig, type SamplingOverrides, withPart } from './sampling-config.js';

/** A text is no sampler spec. */
export class SamplerSpecError extends TesseraError {
  static override readonly code = 'sampler-spec';
  constructor(message: string) {
    super(SamplerSpecError.code, message);
  }
}

/** Values that stand beside a spec, by flag, e.g. `{ steps: '32' }`; lists may be joined by commas. */
export type SpecFlags = Readonly<Record<string, string | undefined>>;

/**
 * Reads a sampler spec, `NAME[:[STEPS][xDIFFUSION]][/FLAG=VALUE]…`: a named policy, its steps and diffusion steps, and
 * any other knob. Lists are joined by `+`.
 *
 * ```ts
 * parseSpec('mar:32x50');
 * parseSpec('gtr-32:24+6+2x50+20+20+50/fts=low/guidance=constant:3');
 * ```
 *
 * @param flags values of the policy that stand beside the text and that it doesn't give itself
 * @returns the policy in full, and of the rest what the text gives
 * @throws SamplerSpecError that says what may stand there
 */
export function parseSpec(
  text: string,
  flags: SpecFlags = {},
): SamplingOverrides & { readonly policy: PolicyConfig } {
  const [head = '', ...suffixes] = text.split('/');
  const name = head.split(':', 1)[0]!;
  const named = policyNamed(name);
  if (!named) {
    throw new SamplerSpecError(`There is no policy "${name}". There are: ${POLICY_NAMES.join(', ')}.`);
  }
  const numbers = /^([\d+]+)?(?:[x×]([\d+]+))?$/.exec(head.slice(name.length + 1));
  if (!numbers || head.endsWith(':')) {
    throw new SamplerSpecError(
      `"${text}" is no sampler spec: behind the policy's name come STEPS, xDIFFUSION or both, e.g. mar:32x50.`,
    );
  }
  const { summary: _, ...preset } = named;
  const given = new Map<TextRow, { readonly value: string; readonly words: string }>();
  const give = (row: TextRow, value: string, words: string): void => {
    const other = given.get(row);
    if (other) {
      throw new SamplerSpecError(
        `"${text}": ${other.words} and ${words} both give ${row.flag}. Give it once.`,
      );
    }
    given.set(row, { value, words });
  };
  for (const [place, value] of [
    ['steps', numbers[1]],
    ['diffusion', numbers[2]],
  ] as const) {
    const row = TEXT_ROWS.filter((each) => each.place === place).find((each) => isOf(each, preset));
    if (row && value !== undefined) give(row, value, place === 'steps' ? value : `x${value}`);
  }
  for (const suffix of suffixes) {
    const [flag = '', ...value] = suffix.split('=');
    give(rowOf(flag, preset, text), value.join('='), `/${suffix}`);
  }
  for (const [flag, value] of Object.entries(flags)) {
    if (value !== undefined) give(rowOf(flag, preset, text), value, `--${flag} ${value}`);
  }
  const isAwaited = ({ flag }: TextRow) => [...given.keys()].some(({ after }) => after === flag);
  const inOrder = [...given].sort(([a], [b]) => Number(isAwaited(b)) - Number(isAwaited(a)));
  let spec: ParsedSpec = preset;
  for (const [row, { value, words }] of inOrder) {
    const change = row.parse(value, row.part === '' ? {} : { ...spec[row.part] });
    if (!change) {
      throw new SamplerSpecError(`"${text}": ${words} can't be. ${row.flag}=${row.form}: ${row.summary}.`);
    }
    spec = withPart(spec, row.part, change);
  }
  return spec;
}

type ParsedSpec = SamplingOverrides & { readonly policy: PolicyConfig };

/** Whether a row is of the spec's policy; what else it may not be of, the rest of the sampling decides. */
function isOf({ part, of }: TextRow, { policy }: ParsedSpec): boolean {
  return part !== 'policy' || !of || of.includes(policy.order);
}

function rowOf(flag: string, spec: ParsedSpec, text: string): TextRow {
  const rows: readonly TextRow[] = TEXT_ROWS.filter(
    ({ flag: word, aliases }) => word === flag || aliases?.includes(flag),
  );
  const row = rows.find((each) => isOf(each, spec));
  if (row) return row;
  const known = TEXT_ROWS.filter((each) => isOf(each, spec) && !each.writtenBy).map((each) => each.flag);
  const problem = rows[0] ? `the policy has no /${flag}=${rows[0].form}` : `there is no /${flag}=`;
  throw new SamplerSpecError(`"${text}": ${problem}. There are: ${known.sort().join(', ')}.`);
}
