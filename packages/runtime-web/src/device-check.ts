import type { Precision } from '@tessera/format';
import { assertReferenceSample, type FetchedModel, type MarModel, neededFiles, sha256 } from '@tessera/onnx';
import type { CacheStore } from './cache-store.js';
import type { GpuAdapter } from './gpu.js';

/**
 * Throws unless `model` reproduces the sample that its folder has on record; a folder without one passes. A success is
 * noted in the browser's storage, and counts as long as nothing that it depends on changes. A failure is not noted: a
 * driver may be mended.
 *
 * @param versions of ONNX Runtime
 */
export async function checkDevice(
  model: MarModel,
  { manifest, dtype }: FetchedModel,
  read: (path: string) => Promise<Uint8Array>,
  store: CacheStore,
  { info }: Pick<GpuAdapter, 'info'>,
  versions: object,
  precision: Precision,
): Promise<void> {
  if (!manifest.parity) return;
  const files = neededFiles(manifest, dtype).map((file) => file.sha256);
  const adapter = [info?.vendor, info?.architecture, info?.device, info?.description];
  // Pages don't learn a driver's version, but they learn the browser's.
  const dependsOn = JSON.stringify([
    files,
    adapter,
    versions,
    navigator.userAgent,
    ...(precision === 'fp32' ? [] : [precision]),
  ]);
  const note = `right/${await sha256(new TextEncoder().encode(dependsOn))}`;
  if ((await store.readText(note)) !== undefined) return;
  await assertReferenceSample(model, new TextDecoder().decode(await read(manifest.parity)), dtype, precision);
  await store.writeText(note, dependsOn);
}
