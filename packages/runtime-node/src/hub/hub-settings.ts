import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { HUB_ENDPOINT } from '@tessera/format';
import type { HttpOptions } from '@tessera/onnx';

/** What the environment says of the hub. */
export interface HubSettings extends Pick<HttpOptions, 'headers' | 'timeout'> {
  readonly endpoint: string;
  /** The folder that Python's huggingface_hub uses too. */
  readonly cacheFolder: string;
  /** Whether the hub may not be asked. */
  readonly isOffline: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads the variables that huggingface_hub reads: HF_ENDPOINT, HF_TOKEN (else the file of HF_TOKEN_PATH, else `token` in
 * HF_HOME), HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, HF_HUB_OFFLINE, HF_HUB_DOWNLOAD_TIMEOUT.
 */
export function hubSettings(env: Environment = process.env): HubSettings {
  const home = env.HF_HOME || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface');
  const token =
    env.HF_TOKEN || env.HUGGING_FACE_HUB_TOKEN || tokenIn(env.HF_TOKEN_PATH || join(home, 'token'));
  const timeout = Number(env.HF_HUB_DOWNLOAD_TIMEOUT);
  return {
    endpoint: (env.HF_ENDPOINT || HUB_ENDPOINT).replace(/\/+$/, ''),
    cacheFolder: env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(home, 'hub'),
    isOffline: /^(1|on|yes|true)$/i.test(env.HF_HUB_OFFLINE ?? ''),
    ...(token ? { headers: { authorization: `Bearer ${token.trim()}` } } : {}),
    ...(timeout > 0 ? { timeout } : {}),
  };
}

function tokenIn(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
