import { readFile, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ManifestComponent } from '@tessera/format';
import { ModelFileError } from '@tessera/onnx';
import type { InferenceSession } from 'onnxruntime-node';

/** The most bytes that Node reads into one buffer. */
const MOST_BYTES = 2 ** 31 - 1;

/** What a session is created from. */
export interface GraphFiles {
  /** Path of the graph. */
  readonly graph: string;
  readonly externalData: Pick<InferenceSession.SessionOptions, 'externalData'>;
}

/**
 * The files of a graph as ONNX Runtime takes them. It reads weights that lie beside their graph by itself, and refuses
 * links that leave the folder, as git-annex and shared stores make them: those weights are read here.
 *
 * @throws ModelFileError where such a link leads to a file that is too large to be read here
 */
export async function graphFiles(
  folder: string,
  { path, data = [] }: ManifestComponent,
): Promise<GraphFiles> {
  const graph = join(folder, path);
  const home = dirname(await realpath(graph));
  const files = data.map((each) => join(folder, each));
  const places = await Promise.all(files.map((file) => realpath(file)));
  const isBeside = places.every((place, i) => place === join(home, basename(files[i]!)));
  if (isBeside) return { graph, externalData: {} };
  const externalData = [];
  for (const [i, file] of files.entries()) {
    try {
      externalData.push({ path: basename(file), data: new Uint8Array(await readFile(places[i]!)) });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ERR_FS_FILE_TOO_LARGE') throw cause;
      throw new ModelFileError(
        file,
        `is a link to ${places[i]}, out of its folder, and has more than ${MOST_BYTES} bytes. ONNX Runtime reads weights of that size only from the folder of their graph: copy or move the file there.`,
        { cause },
      );
    }
  }
  return { graph, externalData: { externalData } };
}
