import { ancestralSampler } from '@tessera/core';
import type { SamplerCoefficients } from '@tessera/core/diffusion';
import { type Check, compare } from '../compare.js';
import type { GoldenCase } from '../golden-case.js';
import { GoldenDataError } from '../golden-data-error.js';
import { type GoldenTensors, rowsOf } from '../golden-files.js';
import { type HeadChain, headChain } from '../head-chain.js';
import { chainTolerance, stepTolerance, TOLERANCES } from '../tolerances.js';

/** The head's ancestral chain: `out.cfgSCALE.tempTEMPERATURE` and, where recorded, x after each step. */
export async function replaySampleDiffusion({ fields, tensors, mar }: GoldenCase): Promise<readonly Check[]> {
  const file = await tensors(fields.text('file'));
  const converted = await mar();
  const table = ancestralSampler()(fields.respacing('respacing'));
  const length = table.steps.length;
  const checks: Check[] = [];
  if (fields.has('steps')) {
    checks.push(compare('steps', [length], [fields.number('steps')], TOLERANCES.exact));
  }
  const recorded = file.matching(/^out\.cfg(.+)\.temp(.+)$/);
  for (const cfg of fields.numbers('cfgs')) {
    for (const temperature of fields.numbers('temperatures')) {
      const found = recorded.find(
        ({ groups }) => Number(groups[0]) === cfg && Number(groups[1]) === temperature,
      );
      if (!found) {
        throw new GoldenDataError(`${file.path} has no result for cfg ${cfg}, temperature ${temperature}.`);
      }
      const chain = headChain(file, { table, guidanceScale: cfg, temperature }, converted);
      const out = await chain.run(chain.initial, 0, length);
      checks.push(
        compare(found.name, out, file.get(found.name).data, chainTolerance('ancestral', table, cfg)),
      );
      const trace = found.name.replace(/^out/, 'trace');
      if (file.has(trace)) checks.push(...(await checkTrace(trace, file, chain, table, cfg)));
    }
  }
  return checks;
}

/** Each step from the recorded x before it, so that no earlier step's rounding hides a mistake of this one. */
async function checkTrace(
  name: string,
  file: GoldenTensors,
  chain: HeadChain,
  { steps }: SamplerCoefficients,
  cfg: number,
): Promise<readonly Check[]> {
  const recorded = rowsOf(file.get(name, [steps.length, undefined, undefined]));
  const checks: Check[] = [];
  for (const [k, step] of steps.entries()) {
    const before = k === 0 ? chain.initial : recorded[k - 1]!;
    const after = await chain.run(before, k, k + 1);
    checks.push(compare(`${name}, step ${k}`, after, recorded[k]!, stepTolerance(step, cfg)));
  }
  return checks;
}
