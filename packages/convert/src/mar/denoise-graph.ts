import type { Checkpoint } from '../checkpoint/checkpoint.js';
import { GraphBuilder, type Value } from '../graph/graph-builder.js';
import { gateLayers, modulate, modulationLayers, modulationPieces } from '../graph/modulate-graph.js';
import { ELEMENT_TYPES } from '../graph/onnx-writer.js';
import { type LayerContext, layerNorm, plainLayerNorm } from '../graph/transformer-block.js';
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

/**
 * A whole chain of `steps` evaluations without noise between, as Euler's method takes them: `x` [n, C], `z` [B, T, D] and `rows`
 * [R], which of its B·T rows are wanted, `timesteps` [S], `factors` [S, 2] and `scales` [S, n, 1] → `tokens` [n, C].
 *
 * Of step s, o is the head's output, (1 − scale)·o_u + scale·o_c where R = 2n, and x ← factors[s, 0]·x + factors[s, 1]·o.
 */
export function chainGraph(config: HeadSizes, checkpoint: Checkpoint, steps: number): GraphBuilder {
  const graph = new GraphBuilder('chain');
  const context: LayerContext = { graph, checkpoint, epsilon: config.epsilon };
  const head = new DenoiseGraph(graph, config, checkpoint);
  const { channels } = config.grid;
  const { depth, width } = config.head;
  let x = graph.input('x', 'float32', ['n', channels]);
  const z = graph.input('z', 'float32', ['B', 'T', config.decoder.width]);
  const rows = graph.input('rows', 'int32', ['R']);
  const timesteps = graph.input('timesteps', 'float32', [steps]);
  const factors = graph.input('factors', 'float32', [steps, 2]);
  const scales = graph.input('scales', 'float32', [steps, 'n', 1]);
  const zEmbed = projectedRows(context, config, z, rows);
  const { timeEmbed } = timeEmbedding(context, config, timesteps);
  const layers = modulationLayers(config);
  const [count, rowCount] = [graph.extent(x, 0), graph.extent(rows, 0)];
  const first = graph.int32([0]);
  const entry = (values: Value, index: number): Value =>
    graph.op('Gather', [values, graph.int64(index)], { axis: { int: 0 } });
  const flatFactors = graph.op('Reshape', [factors, graph.int64(-1)]);
  for (let step = 0; step < steps; step++) {
    const modulation = modulate(context, config, layers, entry(timeEmbed, step), zEmbed);
    const part = modulationParts(graph, width, modulationPieces(layers), modulation, first);
    const { stream } = head.blocks(x, rowCount, part);
    const out = head.end(stream[depth]!, part, 3 * depth);
    const half = (from: Value, to: Value): Value => graph.op('Slice', [out, from, to, graph.int64(0)]);
    const conditional = half(graph.int64(0), count);
    const unconditional = half(graph.op('Sub', [rowCount, count]), rowCount);
    const scale = graph.op('Reshape', [entry(scales, step), graph.int64(-1, 1)]);
    const difference = graph.op('Mul', [scale, graph.op('Sub', [conditional, unconditional])]);
    const guided = graph.op('Add', [unconditional, difference]);
    x = graph.op('Add', [
      graph.op('Mul', [x, entry(flatFactors, 2 * step)]),
      graph.op('Mul', [guided, entry(flatFactors, 2 * step + 1)]),
    ]);
  }
  graph.output('tokens', x, 'float32', ['n', channels]);
  return graph;
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

/** The k-th piece [R, W] of the step's modulation. */
type Part = (index: number) => Value;

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

  inputs(rows: string, pieces: number): { readonly x: Value; readonly part: Part } {
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
  blocks(x: Value, rows: Value, part: Part): { readonly stream: Value[]; readonly updates: Value[] } {
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
  update(block: number, residual: Value, part: Part): Value {
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
  outputEnd(residual: Value, part: Part, first: number, rows: string): void {
    this.graph.output('out', this.end(residual, part, first), 'float32', [rows, headOutputs(this.#config)]);
  }

  end(residual: Value, part: Part, first: number): Value {
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

/**
 * Takes one diffusion step's modulation apart into pieces [R, W], each copied once.
 *
 * Seen as rows of width W, a step's piece k of row r is row (step·R + r)·K + k, where K pieces make up M. Gathering those
 * rows halves the copying of the obvious way (take the step, then split it), which shows with many rows.
 */
function modulationParts(
  graph: GraphBuilder,
  width: number,
  pieces: number,
  modulation: Value,
  step: Value,
): Part {
  const rows = graph.op('Reshape', [modulation, graph.int64(-1, width)]);
  // In int64 as far as it depends on extents alone: so WebGPU leaves it on the CPU, where `Range` wants its limits, and no
  // run has to wait for the GPU to send them.
  const stepRows = graph.op('Mul', [graph.extent(modulation, 1), graph.int64(pieces)]);
  const narrow = (value: Value): Value => graph.op('Cast', [value], { to: { int: ELEMENT_TYPES.int32 } });
  const scalar = (value: Value): Value => graph.op('Squeeze', [value]);
  const ofFirstStep = graph.op('Range', [
    scalar(graph.int64(0)),
    scalar(stepRows),
    scalar(graph.int64(pieces)),
  ]);
  const firstPieces = graph.op('Add', [narrow(ofFirstStep), graph.op('Mul', [step, narrow(stepRows)])]);
  return (index) => {
    const indices = index === 0 ? firstPieces : graph.op('Add', [firstPieces, graph.int32([index])]);
    return graph.op('Gather', [rows, indices], { axis: { int: 0 } });
  };
}
