import { manifestHash, type Recipe } from '@tessera/format';
import type { LoadedModel } from '@tessera/runtime-node';
import { versions } from './versions.js';

/** A loaded model and what a recipe says about it. */
export interface ModelInUse {
  readonly model: LoadedModel;
  readonly identity: Recipe['model'];
  readonly made: Recipe['made'];
}

/** @param location as it was given, or `embedded` */
export async function describeModel(model: LoadedModel, location: string): Promise<ModelInUse> {
  return {
    model,
    identity: { name: model.manifest.name, location, sha256: await manifestHash(model.manifest) },
    made: { device: model.device, dtype: model.dtype, versions: versions() },
  };
}
