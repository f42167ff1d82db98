import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { GraphBuilder, type LazyWeight } from '../graph/graph-builder.js';
import { addLayer, convolution, convolve, type VaeContext } from './vae-blocks.js';
import type { VaeConfig } from './vae-config.js';
import { decoderLayers, encoderLayers, vaeKeys } from './vae-layers.js';

/** The two graphs of a KL autoencoder. */
export interface VaeGraphSet {
  readonly decoder: GraphBuilder;
  readonly encoder: GraphBuilder;
}

/**
 * Builds the graphs of a KL autoencoder: `decoder` takes `latents` [B, Cv, h, w], already divided by the latent scale,
 * to `image` [B, 3, H, W] in about [−1, 1]; `encoder` takes `image` to `moments` [B, 2Cv, h, w], mean and log variance,
 * the latter not clamped.
 *
 * @throws CheckpointKeysError if the checkpoint's tensors are not those that `config` asks for
 */
export function vaeGraphs(config: VaeConfig, checkpoint: Checkpoint): VaeGraphSet {
  checkpoint.assertKeys(vaeKeys(config));
  return { decoder: decoderGraph(config, checkpoint), encoder: encoderGraph(config, checkpoint) };
}

function decoderGraph(config: VaeConfig, checkpoint: Checkpoint): GraphBuilder {
  const { latentChannels, zChannels, pixelShuffle, hasQuant } = config;
  const graph = new GraphBuilder('decoder');
  const context: VaeContext = { graph, checkpoint, config };
  const latents = graph.input('latents', 'float32', ['B', latentChannels, 'h', 'w']);
  let x = hasQuant ? convolve(context, 'post_quant_conv', latents, latentChannels, zChannels, 1) : latents;
  for (const layer of decoderLayers(config)) x = addLayer(context, layer, x);
  if (pixelShuffle > 1) {
    x = graph.op('DepthToSpace', [x], { blocksize: { int: pixelShuffle }, mode: { string: 'CRD' } });
  }
  graph.output('image', x, 'float32', ['B', 3, 'H', 'W']);
  return graph;
}

function encoderGraph(config: VaeConfig, checkpoint: Checkpoint): GraphBuilder {
  const { latentChannels, zChannels, pixelShuffle, stem, hasQuant } = config;
  const graph = new GraphBuilder('encoder');
  const context: VaeContext = { graph, checkpoint, config };
  const image = graph.input('image', 'float32', ['B', 3, 'H', 'W']);
  const [first, ...layers] = encoderLayers(config);
  let x = graph.op(
    'Conv',
    [
      image,
      graph.weight(spreadKernel(checkpoint, first!.key, stem, pixelShuffle)),
      graph.weight(checkpoint.tensor(`${first!.key}.bias`, [stem])),
    ],
    convolution(3 * pixelShuffle, pixelShuffle, [pixelShuffle, pixelShuffle, pixelShuffle, pixelShuffle]),
  );
  for (const layer of layers) x = addLayer(context, layer, x);
  const moments = hasQuant ? convolve(context, 'quant_conv', x, 2 * zChannels, 2 * latentChannels, 1) : x;
  graph.output('moments', moments, 'float32', ['B', 2 * latentChannels, 'h', 'w']);
  return graph;
}

/**
 * The kernel [to, 3·p², 3, 3] of a convolution on pixels gathered in p×p blocks, channel (c, row, column), laid out as
 * the kernel [to, 3, 3p, 3p] of the same convolution on the pixels themselves, with stride p.
 */
function spreadKernel(checkpoint: Checkpoint, key: string, to: number, p: number): LazyWeight {
  const side = 3 * p;
  return {
    name: `${key}.weight`,
    shape: [to, 3, side, side],
    load: async () => {
      const gathered = await checkpoint.read(`${key}.weight`);
      if (p === 1) return gathered;
      const spread = new Float32Array(gathered.length);
      let source = 0;
      for (let image = 0; image < to * 3; image++) {
        for (let offset = 0; offset < p * p; offset++) {
          for (let tap = 0; tap < 9; tap++) {
            const row = Math.floor(tap / 3) * p + Math.floor(offset / p);
            const column = (tap % 3) * p + (offset % p);
            spread[(image * side + row) * side + column] = gathered[source++]!;
          }
        }
      }
      return spread;
    },
  };
}
