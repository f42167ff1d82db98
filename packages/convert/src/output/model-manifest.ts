import { basename } from 'node:path';
import type { Manifest, StorageType } from '@tessera/format';
import type { SavedGraph } from '../graph/graph-file.js';
import type { ModelConfigs } from './model-card.js';
import type { ModelPart } from './model-parts.js';

/** The folder of a model folder that holds its graphs. */
export const GRAPH_FOLDER = 'onnx';

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
 * @param saved the graphs by component; those of the autoencoder and of caches may be missing
 */
export function modelManifest(
  { name, licence, source, classNames, sampling }: ManifestDescription,
  { mar, vae, cutBlock }: ModelConfigs,
  storage: (part: ModelPart) => StorageType,
  saved: Readonly<Record<string, SavedGraph>>,
  files: Manifest['files'],
): Manifest {
  const component = (graph: SavedGraph) => {
    const [path, ...data] = graph.files.map((file) => `${GRAPH_FOLDER}/${basename(file)}`);
    return { path: path!, ...(data.length > 0 ? { data } : {}) };
  };
  const [dtype, head, autoencoder] = [storage('transformer'), storage('head'), storage('autoencoder')];
  const { condition, embed, project, modulate, denoise, ...optional } = saved;
  return {
    format: 'tessera-mar',
    version: 1,
    name,
    licence,
    source,
    grid: mar.grid,
    condition: { kind: 'class', count: mar.classes, ...(classNames ? { names: [...classNames] } : {}) },
    widths: { encoder: mar.encoder.width, decoder: mar.decoder.width, head: mar.head.width },
    headDepth: mar.head.depth,
    ...(cutBlock === undefined
      ? {}
      : {
          caches: {
            buffer: mar.buffer,
            encoderBlocks: mar.encoder.depth,
            decoderBlocks: mar.decoder.depth,
            cutBlock,
          },
        }),
    latents: { ...mar.latents, scale: vae?.latentScale ?? LATENT_SCALE },
    diffusion: { schedule: 'cosine', trainSteps: 1000, variance: 'learned-range' },
    sampling,
    variants: [
      {
        dtype,
        ...(head === dtype && autoencoder === dtype ? {} : { parts: { head, autoencoder } }),
        components: {
          condition: component(condition!),
          embed: component(embed!),
          project: component(project!),
          modulate: component(modulate!),
          denoise: component(denoise!),
          ...Object.fromEntries(Object.entries(optional).map(([name, graph]) => [name, component(graph)])),
        },
      },
    ],
    files,
  };
}
