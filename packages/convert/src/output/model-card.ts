import type { Manifest, TextCondition } from '@tessera/format';
import type { Autoencoder } from '../autoencoder/open-autoencoder.js';
import type { TakenWeights } from '../checkpoint/checkpoint.js';
import type { FamilyModel } from '../model-family.js';

/** How a text encoder's prompts are brought to one length: see `encoder` of a manifest. */
export type PromptTokens = Omit<NonNullable<TextCondition['encoder']>, 'tokenizer'>;

/** The sizes of a model's parts. */
export interface ModelConfigs {
  readonly mar: FamilyModel;
  /** Undefined for a model without an autoencoder. */
  readonly vae: Autoencoder | undefined;
  /** Of a model with a text encoder. */
  readonly prompts?: PromptTokens;
}

/** What a model card says beside the sizes. */
export interface ModelCardFacts {
  readonly manifest: Manifest;
  readonly parameters: { readonly mar: number; readonly vae: number; readonly text?: number };
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
  const kind = condition.kind === 'class' ? 'class-conditional' : 'text-conditional';
  const { head } = mar.sizes;
  const pixels = (side: number): number => side * latents.patchSize * latents.stride;
  const rows: (readonly [string, string])[] = [
    ['Image', `${pixels(grid.width)}×${pixels(grid.height)}`],
    ['Tokens', `${grid.height}×${grid.width}, ${grid.channels} channels`],
    ...mar.facts,
    ['Diffusion head', `${head.depth} blocks, ${head.width} wide`],
    [
      'Autoencoder',
      vae ? `${vae.kind}, stride ${vae.stride}, ${vae.latentChannels} channels` : 'none: latents only',
    ],
    ['Parameters', `${millions(parameters.mar)}${vae ? ` + ${millions(parameters.vae)} (autoencoder)` : ''}`],
    ['Weights', `${variants.map(storageText).join(', ')}, ${millions(bytes)} bytes`],
    ['Licence', licence],
    ['Source', sourceText(source, taken)],
  ];
  return `# ${name}

A ${kind} masked autoregressive image model, converted to ONNX. \`mar.json\` lists its files with their sizes
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
