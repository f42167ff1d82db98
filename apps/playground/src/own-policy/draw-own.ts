import type { Run } from '../run/step-record.js';
import { translatedCode } from './module-source.js';
import { type DrawRequest, openSandbox } from './policy-sandbox.js';

/**
 * A drawing with a policy of the user's own, in a sandbox that ends with it.
 *
 * @throws OwnCodeError where the code can't be read, throws, gives no policy or does not come back
 */
export async function* drawOwn({ source, ...request }: DrawRequest & { readonly source: string }): Run {
  const sandbox = await openSandbox(translatedCode(source));
  const close = (): void => sandbox.close();
  request.signal.addEventListener('abort', close, { once: true });
  try {
    return yield* sandbox.draw(request);
  } finally {
    request.signal.removeEventListener('abort', close);
    close();
  }
}
