import type { Run } from '../run/step-record.js';
import { translateModule } from './module-source.js';
import { type DrawRequest, openSandbox } from './policy-sandbox.js';
import { OwnCodeError } from './sandbox-client.js';

/** A drawing with a policy of the user's own, in a sandbox that ends with it. */
export async function* drawOwn({ source, ...request }: DrawRequest & { readonly source: string }): Run {
  const translated = translateModule(source);
  if (!translated.ok) throw new OwnCodeError(translated.problems[0]!.message);
  const sandbox = await openSandbox(translated.code);
  const close = (): void => sandbox.close();
  request.signal.addEventListener('abort', close, { once: true });
  try {
    return yield* sandbox.draw(request);
  } finally {
    request.signal.removeEventListener('abort', close);
    close();
  }
}
