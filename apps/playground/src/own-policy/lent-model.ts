import { TesseraError } from '@tessera/core';
import { proxyModel } from '@tessera/core/model';
import type { ServedModel } from '@tessera/onnx';

/** The model as a policy of the user's own may use it: it is the app's, so the code there can't dispose of it. */
export function lentModel(model: ServedModel): ServedModel {
  return proxyModel(model, {
    dispose: () =>
      Promise.reject(new TesseraError('model-lent', 'The model is the app’s: it can’t be disposed of here.')),
  });
}
