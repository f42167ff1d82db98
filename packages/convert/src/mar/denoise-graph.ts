import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { GraphBuilder, type Value } from '../graph/graph-builder.js';
import {
  gateLayers,
  type ModulationPart,
  modulationLayers,
  modulationParts,
  modulationPieces,
} from '../graph/modulate-graph.js';
import { type LayerContext, layerNorm, plainLayerNorm } from '../graph/transformer-block.js';
import type { HeadNetwork } from './chain-graph.js';
import { linear, silu, timeEmbedding } from './embed-graph.js';
import { type HeadSizes, headOutputs } from './mar-config.js';
import { projectedRows } from './project-graph.js';

const NET = 'diffloss.net';

/** The residual blocks whose update as a whole LazyMAR takes from earlier diffusion steps: 1 to 4. */
const INNER = { from: 1, to: 5 };

/** The other blocks, of whose MLPs it takes the outputs: their gates follow the timestep. */
export function outerBlocks({ head }: HeadSizes): number[] {
  return Array.from({ length: head.depth }, (_, block) => block).filter(
    (block) => block < INNER.from || block >= INNER.to,
  );
}

/**
 * The denoiser's body: `x` [n, C], `modulation` [S, R, M], `step` [1] → `out` [R, 2C], a row [ε | v], or [R, C], a
 * velocity. Row r takes x[r mod n].
 *
 * @param keeps whether it has outputs for {@link outerDenoiseGraph} and {@link cachedDenoiseGraph}: `mlp` [b, n, W] and `delta`
 *   [n, W] of the first n rows
 */
export function denoiseGraph(config: HeadSizes, checkpoint: Checkpoint, keeps = false): GraphBuilder {
  const graph = new GraphBuilder('denoise');
  const head = new DenoiseGraph(graph, config, checkpoint);
  const { depth, width } = config.head;
  const { x, part } = head.inputs('R', modulationPieces(modulationLayers(config)));
  const { stream, updates } = head.blocks(x, graph.extent('modulation', 1), part);
  if (keeps) {
    const own = (rows: Value): Value =>
      graph.op('Slice', [rows, graph.int64(0), graph.extent(x, 0), graph.int64(0)]);
    const last = stream[Math.min(INNER.to, depth)]!;
    const delta = graph.op('Sub', [own(last), own(stream[Math.min(INNER.from, depth)]!)]);
    graph.output('delta', delta, 'float32', ['n', width]);
    head.outputMlp(outerBlocks(config).map((block) => own(updates[block]!)));
  }
  head.outputEnd(stream[depth]!, part, 3 * depth, 'R');
  return graph;
}

/** MAR's head on a graph. */
export function marHead(graph: GraphBuilder, config: HeadSizes, checkpoint: Checkpoint): HeadNetwork {
  const context: LayerContext = { graph, checkpoint, epsilon: config.epsilon };
  const head = new DenoiseGraph(graph, config, checkpoint);
  const { depth } = config.head;
  return {
    context,
    layers: modulationLayers(config),
    timeEmbed: (timesteps) => timeEmbedding(context, config, timesteps),
    zEmbed: (z, rows) => projectedRows(context, config, z, rows),
    output: (x, rows, part) => head.end(head.blocks(x, rows, part).stream[depth]!, part, 3 * depth),
  };
}

/**
 * The same for n rows where the inner blocks' update comes from an earlier step: `x` [n, C], `modulation` [S, n, M], `step`
 * [1], `delta` [n, W] → `out` [n, 2C] and `mlp` [b, n, W], the outer blocks' MLP outputs.
 */
export function outerDenoiseGraph(config: HeadSizes, checkpoint: Checkpoint): GraphBuilder {
  const head = new DenoiseGraph(new GraphBuilder('denoise-outer'), config, checkpoint);
  const { x, part } = head.inputs('n', modulationPieces(modulationLayers(config)));
  const delta = head.graph.input('delta', 'float32', ['n', config.head.width]);
  let residual = head.projected(x);
  const updates: Value[] = [];
  for (const block of outerBlocks(config)) {
    const update = head.update(block, residual, part);
    updates.push(update);
    residual = head.gated(residual, part(3 * block + 2), update);
    if (block === 0) residual = head.graph.op('Add', [residual, delta]);
  }
  head.outputMlp(updates);
  head.outputEnd(residual, part, 3 * config.head.depth, 'n');
  return head.graph;
}

/**
 * The same where all blocks' results come from earlier steps: `x` [n, C], `modulation` [S, n, (b + 2)·W] of `modulate-cached`,
 * `step` [1], `delta` [n, W], `mlp` [b, n, W] → `out` [n, 2C].
 */
export function cachedDenoiseGraph(config: HeadSizes, checkpoint: Checkpoint): GraphBuilder {
  const head = new DenoiseGraph(new GraphBuilder('denoise-cached'), config, checkpoint);
  const { graph } = head;
  const { width } = config.head;
  const outer = outerBlocks(config);
  const { x, part } = head.inputs('n', modulationPieces(gateLayers(outer)));
  const delta = graph.input('delta', 'float32', ['n', width]);
  const mlp = graph.input('mlp', 'float32', [outer.length, 'n', width]);
  let residual = graph.op('Add', [head.projected(x), delta]);
  for (const k of outer.keys()) {
    const update = graph.op('Gather', [mlp, graph.int64(k)], { axis: { int: 0 } });
    const own = graph.op('Reshape', [update, graph.int64(-1, width)]);
    residual = head.gated(residual, part(k), own);
  }
  head.outputEnd(residual, part, outer.length, 'n');
  return graph;
}

/** What the denoiser's graphs are made of. */
class DenoiseGraph {
  readonly graph: GraphBuilder;
  readonly #context: LayerContext;
  readonly #config: HeadSizes;

  constructor(graph: GraphBuilder, config: HeadSizes, checkpoint: Checkpoint) {
    this.graph = graph;
    this.#config = config;
    this.#context = { graph, checkpoint, epsilon: config.epsilon };
  }

  inputs(rows: string, pieces: number): { readonly x: Value; readonly part: ModulationPart } {
    const { graph } = this;
    const { grid, head } = this.#config;
    const x = graph.input('x', 'float32', ['n', grid.channels]);
    const modulation = graph.input('modulation', 'float32', ['S', rows, pieces * head.width]);
    const step = graph.input('step', 'int32', [1]);
    return { x, part: modulationParts(graph, head.width, pieces, modulation, step) };
  }

  projected(x: Value): Value {
    const { grid, head } = this.#config;
    return linear(this.#context, `${NET}.input_proj`, x, [grid.channels, head.width], 'fp16');
  }

  /** All residual blocks on R copies of the rows x [n, C]: their inputs, with what comes out last, and their MLPs' outputs. */
  blocks(
    x: Value,
    rows: Value,
    part: ModulationPart,
  ): { readonly stream: Value[]; readonly updates: Value[] } {
    const { graph } = this;
    const copies = graph.op('Div', [rows, graph.extent(x, 0)]);
    const repeats = [this.projected(x), graph.op('Concat', [copies, graph.int64(1)], { axis: { int: 0 } })];
    const stream = [graph.op('Tile', repeats)];
    const updates: Value[] = [];
    for (let block = 0; block < this.#config.head.depth; block++) {
      const residual = stream[block]!;
      updates[block] = this.update(block, residual, part);
      stream.push(this.gated(residual, part(3 * block + 2), updates[block]!));
    }
    return { stream, updates };
  }

  /** What a block's MLP gives, before its gate. */
  update(block: number, residual: Value, part: ModulationPart): Value {
    const { width } = this.#config.head;
    const name = `${NET}.res_blocks.${block}`;
    const normed = layerNorm(this.#context, `${name}.in_ln`, residual, width);
    const [shift, scale] = [part(3 * block), part(3 * block + 1)];
    const input = this.#modulated(normed, shift, scale);
    const hidden = linear(this.#context, `${name}.mlp.0`, input, [width, width]);
    return linear(this.#context, `${name}.mlp.2`, silu(this.graph, hidden), [width, width]);
  }

  gated(residual: Value, gate: Value, update: Value): Value {
    return this.graph.op('Add', [residual, this.graph.op('Mul', [gate, update])]);
  }

  outputMlp(updates: readonly Value[]): void {
    const { graph } = this;
    const apart = updates.map((update) => graph.op('Unsqueeze', [update, graph.int64(0)]));
    const mlp = graph.op('Concat', apart, { axis: { int: 0 } });
    graph.output('mlp', mlp, 'float32', [updates.length, 'n', this.#config.head.width]);
  }

  /** The final layer, whose modulation begins at piece `first`, as the output `out`. */
  outputEnd(residual: Value, part: ModulationPart, first: number, rows: string): void {
    this.graph.output('out', this.end(residual, part, first), 'float32', [rows, headOutputs(this.#config)]);
  }

  end(residual: Value, part: ModulationPart, first: number): Value {
    const { width } = this.#config.head;
    const outputs = headOutputs(this.#config);
    const normed = plainLayerNorm(this.#context, residual, width);
    // ε is multiplied by up to 2·10⁴ in the first steps of a chain, so the layer that makes it, a small one, is not rounded.
    return linear(
      this.#context,
      `${NET}.final_layer.linear`,
      this.#modulated(normed, part(first), part(first + 1)),
      [width, outputs],
      'fp32',
    );
  }

  #modulated(normed: Value, shift: Value, scale: Value): Value {
    return this.graph.op('Add', [this.graph.op('Mul', [normed, scale]), shift]);
  }
}
