import { basename } from 'node:path';
import type { Manifest, StorageType } from '@tessera/format';
import type { TakenWeights } from '../checkpoint/checkpoint.js';
import type { SavedGraph } from '../graph/graph-file.js';
import type { ModelConfigs } from './model-card.js';
import type { ModelPart } from './model-parts.js';

/** The folder of a model folder that holds its graphs. */
export const GRAPH_FOLDER = 'onnx';

/** The tokenizer of a text encoder. */
export const TOKENIZER = 'tokenizer.json';

/** A run on fixed inputs, by which devices are compared. */
export const PARITY_FILE = 'parity.json';

/** What a manifest says that the sizes don't tell. */
export interface ManifestDescription {
  readonly name: string;
  readonly licence: string;
  readonly source: string;
  readonly classNames?: readonly string[];
  readonly sampling: Manifest['sampling'];
}

/** Scale of the latents where no autoencoder says it: KL-16's. */
const LATENT_SCALE = 0.2325;

/**
 * The manifest of a converted model.
 *
 * @param storage what each part's weights are stored as
 * @param saved the graphs by component; `decoder` and `encoder` may be missing
 */
export function modelManifest(
  { name, licence, source, classNames, sampling }: ManifestDescription,
  { mar, vae, taken }: ModelConfigs & { readonly taken: TakenWeights },
  storage: (part: ModelPart) => StorageType,
  saved: Readonly<Record<string, SavedGraph>>,
  files: Manifest['files'],
): Manifest {
  const component = (graph: SavedGraph) => {
    const [path, ...data] = graph.files.map((file) => `${GRAPH_FOLDER}/${basename(file)}`);
    return { path: path!, ...(data.length > 0 ? { data } : {}) };
  };
  const { sizes, manifest } = mar;
  const components = Object.fromEntries(
    Object.entries(saved).map(([graph, files]) => [graph, component(files)]),
  ) as Manifest['variants'][number]['components'];
  // T5's tokenizers and BERT's have their padding first.
  const encoder = saved.textEncoder ? { encoder: { tokenizer: TOKENIZER, padding: 0 } } : {};
  const names = manifest.condition.kind === 'class' && classNames ? { names: [...classNames] } : {};
  const [dtype, head, autoencoder] = [storage('transformer'), storage('head'), storage('autoencoder')];
  return {
    format: 'tessera-mar',
    version: 1,
    ...manifest,
    name,
    licence,
    source,
    weights: isUnknownCopy(taken) ? 'unknown' : taken.kind,
    grid: sizes.grid,
    condition: { ...manifest.condition, ...names, ...encoder },
    widths: { encoder: sizes.encoder.width, decoder: sizes.decoder.width, head: sizes.head.width },
    headDepth: sizes.head.depth,
    latents: {
      ...sizes.latents,
      scale: vae?.latentScale ?? LATENT_SCALE,
      ...(vae?.latentShift ? { shift: vae.latentShift } : {}),
      ...(vae?.rounding ? { rounding: vae.rounding } : {}),
    },
    diffusion: manifest.diffusion ?? { schedule: 'cosine', trainSteps: 1000, variance: 'learned-range' },
    sampling,
    variants: [
      {
        dtype,
        ...(head === dtype && autoencoder === dtype ? {} : { parts: { head, autoencoder } }),
        components,
      },
    ],
    files,
  };
}

/** Whether nothing tells if weights are raw or averaged: they are the only copy, without a prefix. */
export const isUnknownCopy = ({ kind, prefix, others }: TakenWeights): boolean =>
  kind === 'raw' && prefix === '' && others.length === 0;
