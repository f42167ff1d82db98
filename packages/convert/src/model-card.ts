import type { ConvertReport } from './convert.js';
import type { MarConfig, StackConfig } from './mar-config.js';
import type { VaeConfig } from './vae-config.js';

/** The README.md of a model folder: what the model is, its sizes, and where it comes from. */
export function modelCard(
  {
    manifest,
    parameters,
    prefix,
    bytes,
  }: Pick<ConvertReport, 'manifest' | 'parameters' | 'prefix' | 'bytes'>,
  { mar, vae }: { mar: MarConfig; vae: VaeConfig | undefined },
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
    ['Weights', `${variants.map(({ dtype }) => dtype).join(', ')}, ${millions(bytes)} bytes`],
    ['Licence', licence],
    ['Source', prefix === '' ? source : `${source}, keys \`${prefix}…\``],
  ];
  return `# ${name}

A class-conditional masked autoregressive image model, converted to ONNX. \`mar.json\` lists its files with their sizes
and checksums.

| | |
| --- | --- |
${rows.map(([label, value]) => `| ${label} | ${value} |`).join('\n')}
`;
}

const millions = (count: number): string => `${(count / 1e6).toFixed(2)} M`;
