import { describeModel, type ModelInUse } from '@tessera/evaluation-report/environment';
import { EMBEDDED } from '@tessera/format';
import { modelFolder } from '@tessera/model-tiny';
import { loadModel } from '@tessera/runtime-node';

/**
 * @param model a folder. @default the embedded model
 * @param signal stops the load
 */
export async function useModel(
  model: string | undefined,
  threads: number | undefined,
  signal?: AbortSignal,
): Promise<ModelInUse> {
  const loaded = await loadModel(model ?? modelFolder, {
    ...(threads === undefined ? {} : { threads }),
    ...(signal === undefined ? {} : { signal }),
  });
  return describeModel(loaded, model ?? EMBEDDED);
}
