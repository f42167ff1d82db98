import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, loadavg, totalmem } from 'node:os';

/** What the figures were measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  readonly system: string;
  readonly node: string;
  readonly onnxruntime: string;
  /** The mean number of processes that wanted a core in the last minute before the measurement. */
  readonly load: number;
}

export function describeMachine(): Machine {
  const processors = cpus();
  const manifest = createRequire(import.meta.url).resolve('onnxruntime-node/package.json');
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memory: totalmem(),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
    onnxruntime: version,
    load: loadavg()[0]!,
  };
}
