import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GraphBuilder, saveGraph } from '@tessera/convert';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { TransformerSizes } from './transformer-sizes.js';

/** How many pairs of products a run has: enough that what a run costs besides vanishes. */
const PAIRS = 4;

/** Nothing but matrix products of the size of the decoder's MLP, to see what this machine can do. */
export interface PlainMatMul {
  /** [rows, width] × [width, hidden], and back. */
  readonly rows: number;
  readonly width: number;
  readonly hidden: number;
  /** Runs for about half a second; GFLOP/s. */
  measure(): Promise<number>;
  release(): Promise<void>;
}

/**
 * @param rows of the matrices: a batch's rows × the decoder's sequence
 * @param threads as the model has
 */
export async function plainMatMul(
  { decoder: { width, hidden } }: TransformerSizes,
  rows: number,
  threads: number,
): Promise<PlainMatMul> {
  const graph = new GraphBuilder('matmul');
  let value = graph.input('x', 'float32', ['rows', width]);
  for (let pair = 0; pair < PAIRS; pair++) {
    for (const [name, shape] of [
      ['up', [width, hidden]],
      ['down', [hidden, width]],
    ] as const) {
      const weights = new Float32Array(width * hidden).fill(1 / shape[0]);
      value = graph.op('MatMul', [
        value,
        graph.weight({ name: `${name}${pair}`, shape, load: async () => weights }),
      ]);
    }
  }
  graph.output('y', value, 'float32', ['rows', width]);
  const session = await openSession(graph, threads);
  const x = new Tensor('float32', new Float32Array(rows * width).fill(1), [rows, width]);
  const flops = 2 * PAIRS * 2 * rows * width * hidden;
  const run = () => session.run({ x });
  await run();
  return {
    rows,
    width,
    hidden,
    async measure() {
      const began = performance.now();
      let runs = 0;
      let elapsed: number;
      do {
        await run();
        runs++;
        elapsed = performance.now() - began;
      } while (elapsed < 500);
      return (runs * flops) / elapsed / 1e6;
    },
    release: () => session.release(),
  };
}

async function openSession(graph: GraphBuilder, threads: number): Promise<InferenceSession> {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-bench-'));
  try {
    const path = join(folder, 'matmul.onnx');
    await saveGraph(graph, path, { storage: 'fp32', inlineLimit: Number.POSITIVE_INFINITY });
    return await InferenceSession.create(path, {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
