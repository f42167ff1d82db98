import { CheckpointFormatError } from '../errors.js';
import { type TensorFile, tensorFile } from './tensor-file.js';

/**
 * The tensors of several files as those of one.
 *
 * @param path what errors call it
 * @param files each with what is put before its tensors' names; closed with the result
 * @throws CheckpointFormatError if two tensors have one name, and closes the files
 */
export async function joinTensors(
  path: string,
  files: readonly (readonly [prefix: string, file: TensorFile])[],
): Promise<TensorFile> {
  const close = async (): Promise<void> => {
    await Promise.all(files.map(([, file]) => file.close()));
  };
  const places = new Map<string, { readonly file: TensorFile; readonly own: string }>();
  for (const [prefix, file] of files) {
    for (const own of file.names) {
      const other = places.get(prefix + own);
      if (other) {
        await close();
        const detail = `${other.file.path} and ${file.path} both have a tensor "${own}"`;
        throw new CheckpointFormatError(path, 'duplicate', detail);
      }
      places.set(prefix + own, { file, own });
    }
  }
  const described = [...places].map(
    ([name, { file, own }]) => [name, { dtype: file.dtype(own), shape: file.shape(own) }] as const,
  );
  return tensorFile({
    path,
    tensors: new Map(described),
    readRows: (name, from, to) => {
      const { file, own } = places.get(name)!;
      return file.readBytes(own, [from, to]);
    },
    close,
  });
}
