import { ancestralSampler } from '@tessera/core';
import { type Check, compare } from '../compare.js';
import type { GoldenCase } from '../golden-case.js';
import { headChain } from '../head-chain.js';
import type { JsonFields } from '../json-fields.js';
import { TOLERANCES } from '../tolerances.js';

/** The head with LazyMAR's caches, on conditions and noise that lie with the model's weights. */
export async function replayLazyMarHead(golden: GoldenCase): Promise<readonly Check[]> {
  const description = await golden.json(golden.fields.text('file'));
  const expected = await golden.tensors(description.text('file'));
  const [first] = (await golden.json('cases.json')).objects('cases');
  const model = golden.beside(first!.text('weights'));
  const converted = await model.mar({ cutBlock: 0 });
  const checks: Check[] = [];
  for (const fields of description.objects('cases')) {
    const [file] = fields.text('inputs').split(':');
    const chain = headChain(
      await model.tensors(file!),
      {
        table: ancestralSampler()(fields.respacing('respacing')),
        guidanceScale: fields.number('cfg'),
        temperature: fields.number('temperature'),
        reuse: { interval: description.number('threshold'), warmUp: 0.9 },
      },
      converted,
    );
    const name = fields.text('name');
    checks.push(compare(name, await chain.run(chain.initial), expected.get(name).data, TOLERANCES.lazyHead));
  }
  return checks;
}

/** Whether a JSON file describes runs of LazyMAR's head. */
export function holdsCachedHead(content: JsonFields): boolean {
  return content.has('threshold') && content.has('cases');
}
