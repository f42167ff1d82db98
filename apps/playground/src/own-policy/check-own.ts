import type { PolicyFinding } from '@tessera/core/testing';
import { translatedCode } from './module-source.js';
import { openSandbox } from './policy-sandbox.js';

/**
 * Runs a policy's module in a sandbox and plays the policy through whole generations there.
 *
 * @throws OwnCodeError where the code can't be read, throws, gives no policy or does not come back
 */
export async function checkOwn(source: string, signal: AbortSignal): Promise<readonly PolicyFinding[]> {
  const sandbox = await openSandbox(translatedCode(source));
  const close = (): void => sandbox.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    signal.throwIfAborted();
    return await sandbox.check();
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}
