import type { Manifest } from '../manifest.js';

const graphs = ['transformer', 'embed', 'project', 'modulate', 'denoise', 'decoder', 'encoder'] as const;

/** A small manifest that is valid; tests change one thing at a time. */
export function exampleManifest(): Manifest {
  const part = (name: (typeof graphs)[number]) => ({ path: `onnx/${name}.onnx` });
  return {
    format: 'tessera-mar',
    version: 1,
    name: 'example',
    licence: 'MIT',
    source: 'made for a test',
    grid: { height: 4, width: 4, channels: 4 },
    condition: { kind: 'class', count: 3, names: ['a', 'b', 'c'] },
    widths: { encoder: 8, decoder: 6, head: 5 },
    headDepth: 2,
    latents: { channels: 1, patchSize: 2, scale: 0.5, stride: 2 },
    diffusion: { schedule: 'cosine', trainSteps: 1000, variance: 'learned-range' },
    sampling: { guidance: { schedule: 'linear', scale: 3 }, temperature: 1 },
    variants: [
      {
        dtype: 'fp32',
        components: {
          transformer: part('transformer'),
          embed: part('embed'),
          project: part('project'),
          modulate: part('modulate'),
          denoise: part('denoise'),
          decoder: part('decoder'),
          encoder: part('encoder'),
        },
      },
    ],
    files: graphs.map((name) => ({ path: `onnx/${name}.onnx`, bytes: 1, sha256: '0'.repeat(64) })),
  };
}
