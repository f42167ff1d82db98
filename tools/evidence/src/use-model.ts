import { describeModel, embeddedModel, type ModelInUse } from '@tessera/cli/evaluation';
import { EMBEDDED } from '@tessera/recipe';
import { loadModel } from '@tessera/runtime-node';

/** @param model a folder. @default the embedded model */
export async function useModel(model: string | undefined, threads: number | undefined): Promise<ModelInUse> {
  const loaded = await loadModel(model ?? (await embeddedModel()), threads === undefined ? {} : { threads });
  return describeModel(loaded, model ?? EMBEDDED);
}
