import { proxyModel } from '@tessera/core/model';
import type { MarModel, ServedModel } from '@tessera/onnx';
import type { DeviceWatch } from './device-watch.js';
import type { EventLoopYielder } from './event-loop-yielder.js';

/** The model as it is called from the page: it reads cancellations before it begins, and notices a lost GPU. */
export function servedModel(
  model: MarModel,
  yielder: Pick<EventLoopYielder, 'yieldToEventLoop'>,
  watch?: DeviceWatch,
): ServedModel {
  const turn = (): Promise<void> => yielder.yieldToEventLoop();
  const guard = <T>(task: () => Promise<T>): Promise<T> => (watch ? watch.guard(task, turn) : task());
  const call = async <T>(task: () => Promise<T>): Promise<T> => {
    await turn();
    return guard(task);
  };
  return proxyModel<ServedModel, Partial<ServedModel>>(model, {
    condition: (request) => call(() => model.condition(request)),
    sampleTokens: (request) => call(() => model.sampleTokens(request)),
    evaluateHead: (request) => call(() => model.evaluateHead(request)),
    decode: (grids, options) => call(() => model.decode(grids, options)),
    encode: (images, options) => call(() => model.encode(images, options)),
    // A read begins at once: a release may be the next message.
    guard,
  });
}
