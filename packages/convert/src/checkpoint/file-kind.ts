/** A kind that can be read, or what a file is that is no checkpoint and what to do then: a sentence without its full stop. */
export type FileKind = 'torch-archive' | 'torch-legacy' | { readonly advice: string };

/** How much of a file's beginning tells its kind, in bytes. */
export const KIND_BYTES = 512;

const IN_PYTHON = 'Load it in Python and save its tensors as .safetensors';
const IN_ARCHIVE = 'Unpack it and give the file of weights inside';
const BY_ADDRESS = 'Download the file itself; on a hub its address holds /resolve/, not /blob/';

/** Kinds by how a file begins, as Latin-1, and by what follows there. The first that fits counts. */
const BINARY: readonly (readonly [beginnings: readonly string[], kind: FileKind, inside?: RegExp])[] = [
  [['PK\x03\x04'], { advice: `it is a NumPy archive (.npz). ${IN_PYTHON}` }, /^.{30}[^/]*\.npy/s],
  [['PK\x03\x04', 'PK\x05\x06'], 'torch-archive'],
  [['\x80'], 'torch-legacy'],
  [
    ['GGUF', 'ggml', 'lmgg', 'fmgg', 'tjgg'],
    { advice: 'it is a GGUF model. Give the checkpoint that it was made from' },
  ],
  [['\x93NUMPY'], { advice: `it is a NumPy array (.npy). ${IN_PYTHON}` }],
  [['\x89HDF\r\n\x1a\n'], { advice: `it is an HDF5 file. ${IN_PYTHON}` }],
  [['\x1f\x8b'], { advice: 'it is compressed by gzip. Unpack it by gunzip and give what comes out' }],
  [
    ['\x28\xb5\x2f\xfd', '\xfd7zXZ', 'BZh', '7z\xbc\xaf', 'Rar!'],
    { advice: `it is compressed. ${IN_ARCHIVE}` },
  ],
  [[''], { advice: `it is a tar archive. ${IN_ARCHIVE}` }, /^.{257}ustar/s],
  [onnxBeginnings(), { advice: 'it is an ONNX model. Give the checkpoint that it was made from' }],
];

/** The version of the format, and the tag of the producer, the graph or the operator sets behind it. */
function onnxBeginnings(): string[] {
  return Array.from({ length: 16 }, (_, version) => `\x08${String.fromCharCode(version)}`).flatMap((start) =>
    ['\x12', ':', 'B'].map((tag) => start + tag),
  );
}

const TEXT: readonly (readonly [RegExp, advice: string])[] = [
  [
    /^version https:\/\/git-lfs/,
    'it is a Git LFS pointer. Run "git lfs pull" in its repository, or download the file itself',
  ],
  [/\/annex\/objects\//, 'it is a git-annex pointer. Run "git annex get" on it'],
  [/^<(!doctype|html|head|body|!--)/i, `it is an HTML page. ${BY_ADDRESS}`],
  [/^</, `it is an XML document, as servers send errors. ${BY_ADDRESS}`],
  [
    /^\{.*"(weight_map|total_size)"/s,
    'it is the index of a checkpoint in several files. Give it under a name that ends in .index.json, beside these files',
  ],
  [/^[[{]/, 'it is a JSON document. Give the file that holds the weights'],
  [/^/, `it is a text. ${BY_ADDRESS}`],
];

/** @param start the file's first {@link KIND_BYTES}, or all of it */
export function fileKindOf(start: Uint8Array): FileKind | undefined {
  const latin1 = String.fromCharCode(...start);
  const binary = BINARY.find(
    ([beginnings, , inside]) =>
      beginnings.some((beginning) => latin1.startsWith(beginning)) && (inside?.test(latin1) ?? true),
  );
  if (binary) return binary[1];
  const text = start.length < 8 ? undefined : decodedText(start)?.trimStart();
  const [, advice] = (text && TEXT.find(([beginning]) => beginning.test(text))) || [];
  return advice === undefined ? undefined : { advice };
}

/** UTF-8 or UTF-16 with a mark; undefined for anything that holds control characters. */
function decodedText(start: Uint8Array): string | undefined {
  const isUtf16 = start[0] === 0xff && start[1] === 0xfe;
  const text = new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8').decode(start);
  return /^[^\p{Cc}\ufffd]*$/u.test(text.replace(/[\t\r\n]|\ufffd$/g, '')) ? text : undefined;
}
