import { neededFiles, referenceProblem, verifyReferenceSample } from '@tessera/onnx';
import type { GpuAdapter } from './gpu.js';
import { sha256 } from './model-files.js';
import type { ModelFolder } from './model-folder.js';

type Sampled = Parameters<typeof verifyReferenceSample>[0];

/**
 * Throws unless `model` reproduces the sample that its folder has on record; a folder without one passes. That it did is
 * noted in the browser's storage, and believed as long as nothing that it depends on changes. That it did not is not
 * noted: a driver may be mended.
 *
 * @param versions of ONNX Runtime
 */
export async function checkDevice(
  model: Sampled,
  folder: ModelFolder,
  { info }: Pick<GpuAdapter, 'info'>,
  versions: object,
): Promise<void> {
  const { manifest, dtype } = folder;
  if (!manifest.parity) return;
  const files = neededFiles(manifest, dtype).map((file) => file.sha256);
  const adapter = [info?.vendor, info?.architecture, info?.device, info?.description];
  // A driver's version is not told to pages; a browser's is.
  const dependsOn = JSON.stringify([files, adapter, versions, navigator.userAgent]);
  const note = `right/${await sha256(new TextEncoder().encode(dependsOn))}`;
  if ((await folder.readNote(note)) !== undefined) return;
  const sample: unknown = JSON.parse(new TextDecoder().decode(await folder.read(manifest.parity)));
  const problem = referenceProblem(await verifyReferenceSample(model, sample));
  if (problem) throw new Error(problem);
  await folder.writeNote(note, dependsOn);
}
