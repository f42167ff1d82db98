import type { MeasuredPicture } from '@tessera/evaluate';
import type { ModelInUse } from '../environment.js';
import type { Recorded } from '../feature-network-file.js';
import { type Variant, variantKey } from '../variant.js';

/** Pictures of a variant as they would come with a network, drawn on another machine. */
export function fakeRecorded(
  { identity, made }: ModelInUse,
  variant: Variant,
  seed: number,
  pictures: readonly MeasuredPicture[],
): Recorded {
  return {
    variant: {
      ...{ path: 'mar.bin', bytes: 0, sha256: '', model: identity.sha256, dtype: made.dtype },
      ...{ seed, description: variantKey(variant), count: pictures.length },
      ...{ passes: 8, headEvaluations: 128, threads: 1, versions: { tessera: '0.1.0' } },
      machine: { processor: 'Another Processor', cores: 8 },
    },
    pictures: async () => pictures,
  };
}
