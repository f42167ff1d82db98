import { parseSpec, recipeOf, resolveSampling } from '@tessera/format';
import { exampleManifest } from '@tessera/format/testing';
import type { ShardJob } from '../shard-job.js';

/** Eleven pictures, as of a model that isn't there. */
export function exampleJob({ seed = 1, of = 4 } = {}): ShardJob {
  const { images: _, ...recipe } = recipeOf({
    model: { name: 'fake', location: 'fake', sha256: 'a'.repeat(64) },
    seed,
    sampling: resolveSampling(parseSpec('mar:3x2'), exampleManifest().sampling),
    made: { device: 'cpu', dtype: 'fp32', versions: {} },
    pictures: [],
  });
  return { recipe, from: 2, to: 12, of };
}
