import { LightgenGraphs, MarGraphs } from '@tessera/onnx';
import type { Check } from '../compare.js';
import type { GoldenCase } from '../golden-case.js';
import { GoldenDataError } from '../golden-data-error.js';
import { replayLightgenForward } from './lightgen.js';
import { replayMarForward } from './mar-forward.js';

/** The transformer, each family's by its own graphs. */
export async function replayForward(golden: GoldenCase): Promise<readonly Check[]> {
  const file = await golden.tensors(golden.fields.text('file'));
  const { graphs, model } = await golden.mar();
  if (graphs instanceof MarGraphs) return replayMarForward(golden, file, { graphs, model });
  if (graphs instanceof LightgenGraphs) return replayLightgenForward(golden, file, { graphs, model });
  throw new GoldenDataError(`Forward cases of the family "${model.manifest.family}" are not known.`);
}
