import * as core from '@tessera/core';
import { planImage } from '@tessera/core/model';
import { checkPolicy } from '@tessera/core/testing';
import * as gtrPackage from '@tessera/gtr';
import { GTR_PRESETS, type GtrPreset, gtr } from '@tessera/gtr';
import { describe, expect, test } from 'vitest';
import { buildPolicy, buildSampling } from './build-sampling.js';
import { importLines, samplingCode } from './code-export.js';
import { parseSpec } from './parse-spec.js';
import { POLICY_NAMES, policyNamed } from './presets.js';
import { resolveSampling } from './resolve-sampling.js';

const SHAPE = { height: 16, width: 16 };
const DEFAULTS = { guidance: { schedule: 'linear' as const, scale: 3 }, temperature: 0.8 };

const SPECS = [
  ...POLICY_NAMES,
  ...['gtr-16-no-fts', 'gtr-16-quincunx', 'gtr-32-odd', 'gtr-32/fts=low:0.2', 'gtr-32:4+2+1x9+8+7+6'],
  ...['mar/mask-schedule=even', 'disa/annealing=cosine', 'mar/sampler=ddim/eta=0.5', 'mar/sampler=dpm-sde'],
  ...['mar/guidance=interval:2:0.1-0.4', 'mar/clamp=4', 'mar/max-timestep=900'],
];

test.each(POLICY_NAMES)('the policy %s decodes every position exactly once', async (name) => {
  const findings = await checkPolicy(buildPolicy(parseSpec(name).policy), { shapes: [SHAPE] });
  expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
});

test.each(Object.keys(GTR_PRESETS) as GtrPreset[])('gtr-%s is the preset of that name', (preset) => {
  const { policy } = policyNamed(`gtr-${preset}`)!;
  expect(planImage(buildPolicy(policy), SHAPE)).toEqual(planImage(gtr(preset), SHAPE));
  const { lines } = samplingCode(resolveSampling({ policy }, DEFAULTS), DEFAULTS);
  expect(lines[0]).toBe(`policy: gtr('${preset}'),`);
});

test('a property of every object is no policy, nor is an ending alone', () => {
  for (const name of ['toString', 'mar-odd', 'odd', 'gtr-odd']) expect(policyNamed(name)).toBeUndefined();
});

describe.each(SPECS)('the code of %s', (spec) => {
  const config = resolveSampling(parseSpec(spec), DEFAULTS);
  const { lines, imports } = samplingCode(config, DEFAULTS);
  const scope: Record<string, unknown> = { ...core, ...gtrPackage };
  const names = imports.flatMap((each) => each.names);
  const made = new Function(...names, `return { ${lines.join('\n')} }`)(
    ...names.map((name) => scope[name]),
  ) as Partial<ReturnType<typeof buildSampling>>;
  const built = buildSampling(config);

  test('makes what the configuration does', () => {
    expect(planImage(made.policy!, SHAPE)).toEqual(planImage(built.policy, SHAPE));
    const sampler = made.sampler ?? core.ancestralSampler();
    expect(sampler(12).steps).toEqual(built.sampler(12).steps);
    for (const masked of [256, 200, 90, 20]) {
      const step = { total: 256, maskedBefore: masked, maskedAfter: masked - 5 };
      expect(made.guidance!(step as never)).toBe(built.guidance(step as never));
    }
    expect([made.temperature, made.clamp ?? null]).toEqual([built.temperature, built.clamp]);
  });

  test('imports each name once, from where it is', () => {
    const text = importLines(imports);
    expect(text.match(/from '/g)).toHaveLength(imports.length);
    expect(new Set(names).size).toBe(names.length);
  });
});
