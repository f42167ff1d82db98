import { ddimSampler } from '@tessera/core';
import { type Check, compare } from '../compare.js';
import type { GoldenCase } from '../golden-case.js';
import { GoldenDataError } from '../golden-data-error.js';
import { headChain } from '../head-chain.js';
import { chainTolerance } from '../tolerances.js';

/** The head's DDIM chain: `out.cfgSCALE`. */
export async function replayDdim({ fields, tensors, mar }: GoldenCase): Promise<readonly Check[]> {
  const file = await tensors(fields.text('file'));
  const eta = fields.has('eta') ? fields.number('eta') : 0;
  const table = ddimSampler({ eta, maxTimestep: 999 })(fields.respacing('respacing'));
  const recorded = file.matching(/^out\.cfg(.+)$/);
  const checks: Check[] = [];
  for (const cfg of fields.numbers('cfgs')) {
    const found = recorded.find(({ groups }) => Number(groups[0]) === cfg);
    if (!found) throw new GoldenDataError(`${file.path} has no result for cfg ${cfg}.`);
    const chain = headChain(file, { table, guidanceScale: cfg, temperature: 1 }, await mar());
    const out = await chain.run(chain.initial, 0, table.steps.length);
    checks.push(compare(found.name, out, file.get(found.name).data, chainTolerance('ddim', table, cfg)));
  }
  return checks;
}
