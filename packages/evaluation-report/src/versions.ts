import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** The versions that a picture may depend on. */
export function versions(): Record<string, string> {
  const own = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return {
    tessera: own.version,
    node: process.versions.node,
    'onnxruntime-node': versionOf('onnxruntime-node'),
  };
}

/** A dependency's version, by its package.json. */
function versionOf(name: string): string {
  try {
    const require = createRequire(import.meta.url);
    return (require(`${name}/package.json`) as { version: string }).version;
  } catch {
    return 'not installed';
  }
}
