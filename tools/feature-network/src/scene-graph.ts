import { GraphBuilder, type TensorFile, type Value } from '@tessera/convert';
import { block, gather, linear, pool } from './network-layers.js';

/** Pixels are gathered in blocks of 4×4 before the first layer. */
const GATHERED = 4;
/** Strides of its layers, see tools/train/train/text/judge/model.py. */
const STRIDES = { fine: [1, 2, 1], wide: [2, 2, 1], joined: [1, 1] } as const;

/** Widths of a scene network's outputs. */
export interface SceneSizes {
  /** Pixels along a picture's side. */
  readonly side: number;
  readonly features: number;
  readonly damages: number;
  /** Channels of a cell. */
  readonly cells: number;
}

/** The sizes that a scene network's weights have, for pictures of `side` pixels. */
export function sceneSizes(file: TensorFile, side: number): SceneSizes {
  const rows = (key: string): number => file.shape(key)[0]!;
  return {
    side,
    features: rows('features.weight'),
    damages: rows('damages.weight'),
    cells: rows('cells.weight'),
  };
}

/**
 * The scene network as a graph: `image` [B, 3, side, side] in −1 … 1 → `features` [B, features], `damages`, logits, and `cells`,
 * logits [B, channels, side / 8, side / 8]. What only training needs, backgrounds, amounts and layout, is left out.
 *
 * @param file a scene network's weights under PyTorch's names
 */
export function sceneGraph(
  file: TensorFile,
  { side, features: width, damages, cells }: SceneSizes,
): GraphBuilder {
  const graph = new GraphBuilder('network');
  const image = graph.input('image', 'float32', ['B', 3, side, side]);
  const run = (name: keyof typeof STRIDES, input: Value, gathered = 1): Value =>
    STRIDES[name].reduce<Value>(
      (h, stride, layer) =>
        block(graph, file, {
          key: `${name}.${layer}`,
          input: h,
          stride,
          gathered: layer === 0 ? gathered : 1,
        }),
      input,
    );
  const enlarged = (input: Value, times: number): Value =>
    graph.op('Resize', [input, undefined, graph.floats(Float32Array.of(1, 1, times, times))], {
      mode: { string: 'nearest' },
      coordinate_transformation_mode: { string: 'asymmetric' },
      nearest_mode: { string: 'floor' },
    });

  const fine = run('fine', gather(graph, image, GATHERED), GATHERED);
  const wide = run('wide', fine);
  const middling = block(graph, file, { key: 'middling', input: fine, stride: 2 });
  const all = graph.op('Concat', [fine, enlarged(middling, 2), enlarged(wide, 4)], { axis: { int: 1 } });
  const h = run('joined', all);
  const weight = (name: string): Value =>
    graph.weight({ name, shape: file.shape(name), load: () => file.readFloats(name) });
  const told = graph.op('Conv', [h, weight('cells.weight'), weight('cells.bias')], {
    kernel_shape: { ints: [1, 1] },
  });
  const pooled = graph.op(
    'Concat',
    [pool(graph, 'ReduceMean', h), pool(graph, 'ReduceMax', h), pool(graph, 'ReduceMean', wide)],
    { axis: { int: 1 } },
  );
  const features = linear(graph, file, 'features', pooled);
  graph.output('features', features, 'float32', ['B', width]);
  graph.output('damages', linear(graph, file, 'damages', graph.op('Relu', [features])), 'float32', [
    'B',
    damages,
  ]);
  graph.output('cells', told, 'float32', ['B', cells, side / 8, side / 8]);
  return graph;
}
