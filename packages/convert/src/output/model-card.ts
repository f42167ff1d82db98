import type { Manifest } from '@tessera/format';
import type { VaeConfig } from '../autoencoder/vae-config.js';
import type { TakenWeights } from '../checkpoint/checkpoint.js';
import type { MarConfig, StackConfig } from '../mar/mar-config.js';

/** The sizes of a model's parts. */
export interface ModelConfigs {
  readonly mar: MarConfig;
  /** Undefined for a model without an autoencoder. */
  readonly vae: VaeConfig | undefined;
  /** The decoder block after whose attention rows are dropped; undefined for a model without caches. */
  readonly cutBlock: number | undefined;
}

/** What a model card says beside the sizes. */
export interface ModelCardFacts {
  readonly manifest: Manifest;
  readonly parameters: { readonly mar: number; readonly vae: number };
  readonly taken: TakenWeights;
  /** Bytes of all files in the manifest. */
  readonly bytes: number;
}

/** The README.md of a model folder: what the model is, its sizes, and where it comes from. */
export function modelCard(
  { manifest, parameters, taken, bytes }: ModelCardFacts,
  { mar, vae }: ModelConfigs,
): string {
  const { name, licence, source, grid, condition, variants, latents } = manifest;
  const pixels = (side: number): number => side * latents.patchSize * latents.stride;
  const stack = ({ width, depth, heads }: StackConfig): string =>
    `${depth} blocks, ${width} wide, ${heads} heads`;
  const rows: (readonly [string, string])[] = [
    ['Image', `${pixels(grid.width)}×${pixels(grid.height)}`],
    ['Classes', `${condition.count}`],
    ['Tokens', `${grid.height}×${grid.width}, ${grid.channels} channels`],
    ['Encoder', stack(mar.encoder)],
    ['Decoder', stack(mar.decoder)],
    ['Diffusion head', `${mar.head.depth} blocks, ${mar.head.width} wide`],
    ['Autoencoder', vae ? `KL, stride ${vae.stride}, ${vae.latentChannels} channels` : 'none: latents only'],
    ['Parameters', `${millions(parameters.mar)}${vae ? ` + ${millions(parameters.vae)} (autoencoder)` : ''}`],
    ['Weights', `${variants.map(storageText).join(', ')}, ${millions(bytes)} bytes`],
    ['Licence', licence],
    ['Source', sourceText(source, taken)],
  ];
  return `# ${name}

A class-conditional masked autoregressive image model, converted to ONNX. \`mar.json\` lists its files with their sizes
and checksums.

| | |
| --- | --- |
${rows.map(([label, value]) => `| ${label} | ${value} |`).join('\n')}
`;
}

function storageText({ dtype, parts }: Manifest['variants'][number]): string {
  return parts ? `${dtype} (head ${parts.head}, autoencoder ${parts.autoencoder})` : dtype;
}

/** Names are told apart where there is something to tell: a single copy may be raw or averaged. */
function sourceText(source: string, { kind, prefix, others }: TakenWeights): string {
  const isKnown = kind === 'averaged' || others.length > 0;
  const parts = [...(prefix === '' ? [] : [`keys \`${prefix}…\``]), ...(isKnown ? [`${kind} weights`] : [])];
  return [source, ...parts].join(', ');
}

const millions = (count: number): string => `${(count / 1e6).toFixed(2)} M`;
