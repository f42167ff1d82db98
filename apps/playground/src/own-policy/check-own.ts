import type { PolicyFinding } from '@tessera/core/check-policy';
import { translateModule } from './module-source.js';
import { openSandbox } from './policy-sandbox.js';
import { OwnCodeError } from './sandbox-client.js';

/**
 * Runs a policy's module in a sandbox and plays the policy through whole generations there.
 *
 * @throws OwnCodeError where the code can't be read, throws, gives no policy or does not come back
 */
export async function checkOwn(source: string): Promise<readonly PolicyFinding[]> {
  const translated = translateModule(source);
  if (!translated.ok) {
    const { message, from } = translated.problems[0]!;
    throw new OwnCodeError(message, source.slice(0, from).split('\n').length);
  }
  const sandbox = await openSandbox(translated.code);
  try {
    return await sandbox.check();
  } finally {
    sandbox.close();
  }
}
