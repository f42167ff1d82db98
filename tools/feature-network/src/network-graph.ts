import { GraphBuilder, type TensorFile, type Value } from '@tessera/convert';
import { foldedConvolution } from './folded-convolution.js';

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
  let h = graph.op('SpaceToDepth', [image], { blocksize: { int: GATHERED } });
  for (const [layer, stride] of STRIDES.entries()) {
    const { weight, bias } = foldedConvolution(file, `trunk.${layer}`, layer === 0 ? GATHERED : 1);
    const convolved = graph.op('Conv', [h, graph.weight(weight), graph.weight(bias)], {
      kernel_shape: { ints: weight.shape.slice(2) },
      pads: { ints: [1, 1, 1, 1] },
      strides: { ints: [stride, stride] },
    });
    h = graph.op('Relu', [convolved]);
  }
  const axes = graph.int64(2, 3);
  const pooled = graph.op(
    'Concat',
    ['ReduceMean', 'ReduceMax'].map((type) => graph.op(type, [h, axes], { keepdims: { int: 0 } })),
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

function linear(graph: GraphBuilder, file: TensorFile, key: string, input: Value): Value {
  const weight = (name: string): Value =>
    graph.weight({ name, shape: file.shape(name), load: () => file.readFloats(name) });
  return graph.op('Gemm', [input, weight(`${key}.weight`), weight(`${key}.bias`)], { transB: { int: 1 } });
}
