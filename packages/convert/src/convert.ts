import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { InvalidOptionError } from '@tessera/core';
import { type CancellationSignal, throwIfAborted } from '@tessera/core/model';
import { type Manifest, parseManifest, type TextCondition } from '@tessera/format';

import { type AutoencoderConfigJson, openAutoencoder } from './autoencoder/open-autoencoder.js';

import { Checkpoint, type TakenWeights } from './checkpoint/checkpoint.js';
import { assertHolds } from './checkpoint/checkpoint-contents.js';
import { openTensors } from './checkpoint/open-tensors.js';
import { elementCount } from './checkpoint/safetensors-header.js';
import type { TensorFile } from './checkpoint/tensor-file.js';
import type { WeightsKind } from './checkpoint/weight-copies.js';
import { CheckpointValuesError, type ForwardCheck, type UnusableTensor } from './errors.js';
import { checkForward } from './forward/forward-check.js';
import type { RunnableGraph } from './forward/graph-values.js';
import { type OpenWritten, openStretches } from './forward/open-stretches.js';
import type { GraphBuilder } from './graph/graph-builder.js';
import { type SavedGraph, SharedWeights, saveGraph } from './graph/graph-file.js';
import { assertStorage, type WeightStorage } from './graph/weight-storage.js';
import { type CacheOptions, type FamilyModel, type ModelConfigJson, openFamily } from './model-family.js';
import { emptyPrompt, encodedText, nullTextGraph } from './nitro/null-text.js';
import { fileChecksums } from './output/file-checksums.js';
import { type ModelConfigs, modelCard } from './output/model-card.js';
import { GRAPH_FOLDER, modelManifest, PARITY_FILE, TOKENIZER } from './output/model-manifest.js';
import { MODEL_PARTS, type ModelPart, partOf } from './output/model-parts.js';
import { writeOutput } from './output/output-folder.js';
import {
  type OpenTextEncoder,
  openTextEncoder,
  type TextEncoderSource,
} from './text-encoder/open-text-encoder.js';

export interface ConvertProgress {
  /**
   * `check`: every value of the checkpoints is checked; `weights`: weights are read, converted and written; `checksums`:
   * the files written are read again; `forward`: the graphs are compared with an independent forward pass; `record`: a sample
   * is recorded.
   */
  readonly phase: 'check' | 'weights' | 'checksums' | 'forward' | 'record';
  /** The tensor, graph, file or output at work. */
  readonly item: string;
  /** Parts done and in all: outputs for `forward`, bytes of files for `checksums`, values of weights before those. */
  readonly done: number;
  readonly total: number;
}

export interface ConvertOptions {
  readonly mar: {
    /** Path of a checkpoint under the published code's key names: see `openTensors`. */
    readonly checkpoint: string;
    /** @default what the tensors tell, which is enough for released models */
    readonly config?: ModelConfigJson;
    /** Beginnings of names in the file, or of keys, to pass over. */
    readonly ignore?: readonly string[];
    /** Which weights to take where the file has both. @default averaged ones if they are whole, else raw ones */
    readonly weights?: WeightsKind;
  };
  /** The autoencoder; a model without one can make latents only. */
  readonly vae?: {
    readonly checkpoint: string;
    readonly config: AutoencoderConfigJson;
    /** Beginnings of names in the file, or of keys, to pass over. Those of a training loss are passed over anyway. */
    readonly ignore?: readonly string[];
  };
  /** The text encoder of a model that takes text; without one its prompts have to be given as features. */
  readonly text?: TextEncoderSource;
  /** The model folder to write. */
  readonly out: string;
  /**
   * What weights are stored as, see {@link WeightStorage}: those of each part, or of all, where int8 and int4 leave the
   * autoencoder in fp16.
   * @default 'fp16'
   */
  readonly dtype?: WeightStorage | Readonly<Partial<Record<ModelPart, WeightStorage>>>;
  readonly name: string;
  readonly licence: string;
  /** Where the weights come from: a name, a checksum, an address. */
  readonly source: string;
  /** Graphs with LazyMAR's caches beside the others. Their weights lie in the same files; sessions of both have them twice. @default none */
  readonly caches?: CacheOptions;
  /** One name a class. @default ImageNet's, for the released models' sizes */
  readonly classNames?: readonly string[];
  /**
   * Advice; of guidance, scale and schedule may be given alone.
   * @default what the family's authors published: GtR with FTS, and for MAR models linear guidance of 3, for LightGen constant of 4
   */
  readonly sampling?: Partial<Omit<Manifest['sampling'], 'guidance'>> & {
    readonly guidance?: Partial<Manifest['sampling']['guidance']>;
  };
  /**
   * Whether an existing folder is replaced, if it is empty or holds nothing but what conversions write.
   * @default false
   */
  readonly overwrite?: boolean;
  /** See `SaveGraphOptions.inlineLimit`. @default 64 MiB */
  readonly inlineLimit?: number;
  /** See `SaveGraphOptions.pieceLimit`. @default 1 GiB */
  readonly pieceLimit?: number;
  /**
   * Opens a graph that was written, to compare it with a forward pass of the checkpoint in float64: `openGraph` of
   * @tessera/runtime-node. A large one is opened a stretch at a time, so that no more memory is needed than for converting.
   * @default graphs aren't compared
   */
  readonly openGraph?: (path: string) => Promise<RunnableGraph>;
  /**
   * Runs what was written on fixed inputs: `recordSample` of @tessera/runtime-node. It is stored in `parity.json`, by which other
   * devices are compared later. Needs `openGraph`. @default nothing is recorded
   */
  readonly recordSample?: (manifest: Manifest, open: OpenWritten) => Promise<unknown>;
  readonly signal?: CancellationSignal;
  readonly onProgress?: (progress: ConvertProgress) => void;
}

export interface ConvertReport {
  /** Absolute path of the folder written. */
  readonly folder: string;
  readonly manifest: Manifest;
  /** How many weights the model has. */
  readonly parameters: { readonly mar: number; readonly vae: number; readonly text?: number };
  /** Which copy of the MAR model's weights was taken, and what else its checkpoint has. */
  readonly taken: TakenWeights;
  /** Unusable tensors of the averaged weights, where raw ones were taken because of them. */
  readonly avoided: readonly UnusableTensor[];
  /** Tensors that are all zeros, by their names in the checkpoints. */
  readonly zeros: readonly string[];
  /** Bytes of all files in the manifest. */
  readonly bytes: number;
  /** Weights that fp16 can't hold and that were stored as float32 instead. */
  readonly keptFloat32: readonly string[];
  /** How far the graphs are off the forward pass; empty without `openGraph`. */
  readonly forward: readonly ForwardCheck[];
  /** What each conversion to this folder lacked that was killed; what it had written was removed. */
  readonly interrupted: readonly (readonly string[])[];
}

/**
 * Converts checkpoints into a model folder: `mar.json`, ONNX graphs and a model card. The folder appears under its name
 * only when complete.
 *
 * ```ts
 * const mar = { checkpoint: 'checkpoint-last.pth' };
 * const vae = { checkpoint: 'kl16.ckpt', config: 'kl16' } as const;
 * await convertModel({ mar, vae, out: 'models/mine', name: 'mine', licence: 'MIT', source: 'my training' });
 * ```
 *
 * @throws CheckpointKeysError if a checkpoint's tensors don't fit its configuration
 * @throws CheckpointValuesError if a tensor holds NaN or infinity, or nothing but zeros
 * @throws CheckpointFileError if a checkpoint can't be opened
 * @throws CheckpointFormatError if a checkpoint is damaged, or is of another format
 * @throws ManifestError if the manifest would be refused, for its class names or advice on sampling
 * @throws ForwardCheckError if a graph computes something else than its checkpoint
 * @throws OutputExistsError if the folder exists and `overwrite` isn't set
 * @throws OutputFolderError if no folder can be made there
 * @throws InvalidOptionError for sizes out of range or in contradiction, for presets that there are not, and for an `out`
 *   that holds the working directory, a checkpoint or files that no conversion writes, with `overwrite` too
 */
export async function convertModel(options: ConvertOptions): Promise<ConvertReport> {
  const files: TensorFile[] = [];
  const open = async (path: string): Promise<TensorFile> => {
    const file = await openTensors(path);
    files.push(file);
    return file;
  };
  try {
    const { mar, vae, text, out, overwrite = false } = options;
    for (const part of MODEL_PARTS) assertStorage('dtype', storageOf(options, part));
    const reads = [
      mar.checkpoint,
      ...(vae ? [vae.checkpoint] : []),
      ...(text ? [text.checkpoint, text.tokenizer] : []),
    ];
    const report = await writeOutput(out, { overwrite, reads }, async (partial, leftovers) => {
      const model = await openSoundModel(options, open);
      const written = await writeFolder(options, model, partial);
      throwIfAborted(options.signal);
      return { ...written, interrupted: leftovers.map(({ files }) => missingOf(written.manifest, files)) };
    });
    return { folder: resolve(out), ...report };
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
}

interface OpenModel extends Pick<ConvertReport, 'parameters' | 'taken'>, ModelConfigs {
  readonly checkpoints: readonly Checkpoint[];
  readonly vaeFile?: Checkpoint;
  readonly graphs: Readonly<Record<string, GraphBuilder>>;
}

interface SoundModel extends OpenModel, Pick<ConvertReport, 'avoided' | 'zeros'> {}

/** Opens the model and checks its values; where the averaged weights are unusable, it takes sound raw ones. */
async function openSoundModel(
  options: ConvertOptions,
  open: (path: string) => Promise<TensorFile>,
): Promise<SoundModel> {
  const model = await openModel(options, open);
  assertDescribable(options, model);
  try {
    return { ...model, zeros: await assertValues(model, options), avoided: [] };
  } catch (error) {
    const other = model.taken.others.find(({ kind, isIgnored }) => !isIgnored && kind !== model.taken.kind);
    if (!other || options.mar.weights !== undefined || !CheckpointValuesError.isInstance(error)) throw error;
    const second = await openModel({ ...options, mar: { ...options.mar, weights: other.kind } }, open);
    const zeros = await assertValues(second, options).catch(() => Promise.reject(error));
    return { ...second, zeros, avoided: error.tensors };
  }
}

async function openModel(
  options: ConvertOptions,
  open: (path: string) => Promise<TensorFile>,
): Promise<OpenModel> {
  const { config, checkpoint: path, ...choice } = options.mar;
  const file = await open(path);
  assertHolds(file, 'model');
  const marFile = new Checkpoint(file, 'mask_token', choice);
  const mar = openFamily(config, marFile, options.caches);
  const graphs: Record<string, GraphBuilder> = { ...mar.graphs };
  const { taken, parameters } = marFile;
  const textFile = options.text && (await textEncoderOf(options.text, mar, open));
  const text = textFile ? { text: textFile.checkpoint.parameters } : {};
  const textFiles = textFile ? [textFile.checkpoint] : [];
  if (textFile) graphs.textEncoder = textFile.graph;
  const prompts = textFile && { prompts: textFile.prompts };
  if (!options.vae) {
    return {
      mar,
      vae: undefined,
      ...prompts,
      graphs,
      taken,
      checkpoints: [marFile, ...textFiles],
      parameters: { mar: parameters, vae: 0, ...text },
    };
  }

  const { config: vaeConfig, checkpoint, ...vaeChoice } = options.vae;
  const { autoencoder: vae, checkpoint: vaeFile } = openAutoencoder(
    vaeConfig,
    await open(checkpoint),
    vaeChoice,
  );
  const { latents } = mar.sizes;
  if (vae.latentChannels !== latents.channels) {
    throw new InvalidOptionError(
      'embed_dim',
      vae.latentChannels,
      `must be the ${latents.channels} latent channels of the MAR model`,
    );
  }
  if (vae.stride !== latents.stride) {
    throw new InvalidOptionError(
      'vae_stride',
      latents.stride,
      `must be ${vae.stride}, the pixels that a latent cell of the autoencoder spans`,
    );
  }
  Object.assign(graphs, vae.graphs);
  return {
    mar,
    vae,
    ...prompts,
    vaeFile,
    graphs,
    taken,
    checkpoints: [marFile, vaeFile, ...textFiles],
    parameters: { mar: parameters, vae: vaeFile.parameters, ...text },
  };
}

function assertTextWidth(path: string, width: number, condition: TextCondition): void {
  if (width === condition.width) return;
  throw new InvalidOptionError(
    'text',
    path,
    `must give rows of ${condition.width} channels, which the model takes; it gives ${width}`,
  );
}

async function textEncoderOf(
  text: NonNullable<ConvertOptions['text']>,
  { manifest }: FamilyModel,
  open: (path: string) => Promise<TensorFile>,
): Promise<OpenTextEncoder> {
  const { condition } = manifest;
  if (condition.kind !== 'text') {
    throw new InvalidOptionError('text', text.checkpoint, 'must be left out: the model takes classes');
  }
  const encoder = openTextEncoder(await open(text.checkpoint), text.config, condition.length);
  assertTextWidth(text.checkpoint, encoder.width, condition);
  return encoder;
}

async function writeFolder(
  options: ConvertOptions,
  model: SoundModel,
  folder: string,
): Promise<Omit<ConvertReport, 'folder' | 'interrupted'>> {
  const { signal, onProgress, inlineLimit, pieceLimit, openGraph, recordSample } = options;
  await mkdir(join(folder, GRAPH_FOLDER));
  const saved: Record<string, SavedGraph> = {};
  const total = weightCount(Object.values(model.graphs));
  const shared = new SharedWeights(Object.values(model.graphs));
  let done = 0;
  for (const [name, graph] of Object.entries(model.graphs)) {
    saved[name] = await saveGraph(graph, join(folder, GRAPH_FOLDER, `${name}.onnx`), {
      storage: storageOf(options, partOf(name)),
      shared,
      ...(inlineLimit === undefined ? {} : { inlineLimit }),
      ...(pieceLimit === undefined ? {} : { pieceLimit }),
      ...(signal ? { signal } : {}),
      onWeight: ({ shape }) => {
        done += elementCount(shape);
        onProgress?.({ phase: 'weights', item: name, done, total });
      },
    });
  }
  const open: OpenWritten | undefined =
    openGraph && (async (name) => openStretches(saved[name]!, openGraph, { signal }));
  if (options.text && open && model.mar.nullText === 'empty prompt') {
    const { length } = model.mar.manifest.condition as TextCondition;
    const tokens = await emptyPrompt(options.text.tokenizer, length, model.prompts!);
    const graph = nullTextGraph(await encodedText(open, tokens), length);
    saved.nullText = await saveGraph(graph, join(folder, GRAPH_FOLDER, 'nullText.onnx'), {
      storage: 'fp32',
    });
  }
  const written = [...new Set(Object.values(saved).flatMap((graph) => graph.files))];
  if (options.text) {
    written.push(join(folder, TOKENIZER));
    await copyFile(options.text.tokenizer, join(folder, TOKENIZER));
  }
  const files = await fileChecksums(folder, written, {
    signal,
    onProgress: (item, read, all) => onProgress?.({ phase: 'checksums', item, done: read, total: all }),
  });
  let manifest = manifestOf(options, model, saved, files);
  if (open && recordSample) {
    onProgress?.({ phase: 'record', item: 'a reference sample', done: 0, total: 1 });
    const path = join(folder, PARITY_FILE);
    await writeFile(path, `${JSON.stringify(await recordSample(manifest, open))}\n`);
    manifest = {
      ...manifest,
      parity: PARITY_FILE,
      files: [...files, ...(await fileChecksums(folder, [path], {}))],
    };
  }
  const forward = open ? await forwardChecks(options, model, open) : [];
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  // Read back as a loader would: a folder that can't be loaded must not come into being.
  parseManifest(text);
  await writeFile(join(folder, 'mar.json'), text);
  const report = {
    manifest,
    forward,
    parameters: model.parameters,
    taken: model.taken,
    avoided: model.avoided,
    zeros: model.zeros,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    keptFloat32: Object.values(saved).flatMap((graph) => graph.keptFloat32),
  };
  await writeFile(join(folder, 'README.md'), modelCard(report, model));
  return report;
}

function missingOf({ files }: Manifest, held: readonly string[]): string[] {
  return ['mar.json', ...files.map(({ path }) => path)].filter((path) => !held.includes(path));
}

async function forwardChecks(
  options: ConvertOptions,
  { mar, vae, vaeFile, checkpoints }: OpenModel,
  open: OpenWritten,
): Promise<readonly ForwardCheck[]> {
  const { signal, onProgress } = options;
  const [marFile] = checkpoints;
  if (!marFile) return [];
  return checkForward({
    mar: {
      config: mar.sizes,
      chainSteps: mar.manifest.chainSteps,
      read: (key) => marFile.read(key),
      checkConditions: mar.checkConditions,
      head: mar.head,
    },
    ...(vae && vaeFile
      ? { vae: { sizes: vae, forward: vae.forward, read: (key) => vaeFile.read(key) } }
      : {}),
    open,
    storage: (graph) => storageOf(options, partOf(graph)),
    signal,
    onOutput: (item, done, total) => onProgress?.({ phase: 'forward', item, done, total }),
  });
}

/** @returns tensors that are all zeros. A copy that was asked for may have more of them than biases. */
async function assertValues(
  { checkpoints, parameters }: OpenModel,
  options: ConvertOptions,
): Promise<string[]> {
  const { signal, onProgress } = options;
  const total = parameters.mar + parameters.vae + (parameters.text ?? 0);
  const zeros: string[] = [];
  let done = 0;
  const onTensor = (item: string, values: number): void => {
    done += values;
    onProgress?.({ phase: 'check', item, done, total });
  };
  for (const [i, checkpoint] of checkpoints.entries()) {
    const allowZeros = i === 0 && options.mar.weights !== undefined;
    zeros.push(...(await checkpoint.assertValues({ allowZeros, signal, onTensor })));
  }
  return zeros;
}

/** What a part's weights are stored as. Integers cost an autoencoder more than a picture can hide, and save little. */
function storageOf({ dtype = 'fp16' }: ConvertOptions, part: ModelPart): WeightStorage {
  if (typeof dtype === 'object') return dtype[part] ?? 'fp16';
  return part === 'autoencoder' && dtype !== 'fp32' ? 'fp16' : dtype;
}

function manifestOf(
  options: ConvertOptions,
  model: ModelConfigs & Pick<ConvertReport, 'taken'>,
  saved: Readonly<Record<string, SavedGraph>>,
  files: Manifest['files'],
): Manifest {
  const advised = model.mar.sampling;
  const guidance = { ...advised.guidance, ...options.sampling?.guidance } as typeof advised.guidance;
  const sampling = { ...advised, ...options.sampling, guidance };
  const storage = (part: ModelPart) => storageOf(options, part);
  return modelManifest({ ...options, sampling }, model, storage, saved, files);
}

/** Throws ManifestError where the manifest would be refused in the end: weights take minutes to read and write. */
function assertDescribable(options: ConvertOptions, { graphs, ...model }: OpenModel): void {
  const names = Object.keys(graphs);
  const saved = names.map((name) => [name, { files: [`${name}.onnx`], keptFloat32: [] }] as const);
  const files = names.map((name) => ({
    path: `${GRAPH_FOLDER}/${name}.onnx`,
    bytes: 0,
    sha256: '0'.repeat(64),
  }));
  if (options.text) files.push({ path: TOKENIZER, bytes: 0, sha256: '0'.repeat(64) });
  parseManifest(JSON.stringify(manifestOf(options, model, Object.fromEntries(saved), files)));
}

const weightCount = (graphs: readonly GraphBuilder[]): number =>
  graphs.reduce(
    (sum, graph) =>
      [...graph.weights.values()].reduce((inner, { shape }) => inner + elementCount(shape), sum),
    0,
  );
