import { GraphBuilder, type TensorFile } from '@tessera/convert';
import { block, gather, linear, pool } from './network-layers.js';

/** Strides of the trunk's convolutions, see tools/train/train/judge/model.py. */
const STRIDES = [1, 2, 1, 2, 1] as const;
/** Pixels are gathered in blocks of 2×2 before the trunk. */
const GATHERED = 2;

/** What of a feature network isn't in its layers. */
export interface NetworkSizes {
  /** Pixels along a picture's side. */
  readonly side: number;
  readonly features: number;
  readonly classes: number;
  readonly damages: number;
}

/** The sizes that a feature network's weights have, for pictures of `side` pixels. */
export function networkSizes(file: TensorFile, side: number): NetworkSizes {
  const rows = (key: string): number => file.shape(key)[0]!;
  return {
    side,
    features: rows('features.weight'),
    classes: rows('classes.weight'),
    damages: rows('damages.weight'),
  };
}

/**
 * The feature network as a graph: `image` [B, 3, side, side] in −1 … 1 → `features` [B, features], `classes` and `damages`, logits.
 * Batch normalisation is folded into the convolutions; the layout head, which only training needs, is left out.
 *
 * @param file a feature network's weights under PyTorch's names
 */
export function networkGraph(file: TensorFile, { side, ...sizes }: NetworkSizes): GraphBuilder {
  const graph = new GraphBuilder('network');
  const image = graph.input('image', 'float32', ['B', 3, side, side]);
  let h = gather(graph, image, GATHERED);
  for (const [layer, stride] of STRIDES.entries()) {
    h = block(graph, file, { key: `trunk.${layer}`, input: h, stride, gathered: layer === 0 ? GATHERED : 1 });
  }
  const pooled = graph.op(
    'Concat',
    (['ReduceMean', 'ReduceMax'] as const).map((type) => pool(graph, type, h)),
    { axis: { int: 1 } },
  );
  const features = linear(graph, file, 'features', pooled);
  const active = graph.op('Relu', [features]);
  const classes = linear(graph, file, 'classes', active);
  const damages = linear(graph, file, 'damages', active);
  graph.output('features', features, 'float32', ['B', sizes.features]);
  graph.output('classes', classes, 'float32', ['B', sizes.classes]);
  graph.output('damages', damages, 'float32', ['B', sizes.damages]);
  return graph;
}
