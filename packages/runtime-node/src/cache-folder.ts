import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Where downloaded models are stored: `$XDG_CACHE_HOME/tessera` or `~/.cache/tessera`. A relative `XDG_CACHE_HOME` is
 * ignored, as the XDG Base Directory Specification says.
 *
 * @example
 * const model = await loadModel('hf:owner/name', { cacheFolder: defaultCacheFolder() });
 */
export function defaultCacheFolder(): string {
  const { XDG_CACHE_HOME = '' } = process.env;
  return join(isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(homedir(), '.cache'), 'tessera');
}
