import { loadavg, totalmem } from 'node:os';
import { quartilesOf } from '@tessera/evaluate';
import { textTable } from '@tessera/evaluation-report/display';
import { machineText, thisMachine, versions } from '@tessera/evaluation-report/environment';
import type { Measurement } from './measure.js';
import type { TransformerSizes } from './transformer-sizes.js';

/** A measurement and what the machine could do just before it. */
export interface Round extends Measurement {
  /** The plain matrix products' GFLOP/s. */
  readonly plainMatMul: number;
}

/** All that was measured of one model. */
export interface ModelResult {
  readonly model: string;
  readonly dtype: string;
  readonly threads: number;
  readonly batch: number;
  readonly sizes: TransformerSizes;
  /** The model draws pictures, which is part of the times. */
  readonly decodes: boolean;
  readonly matMul: {
    readonly rows: number;
    readonly width: number;
    readonly hidden: number;
  };
  /** One measurement a round; the first variant is what the others are compared with. */
  readonly arms: readonly { readonly name: string; readonly rounds: readonly Round[] }[];
  readonly torch?: {
    readonly version: string;
    readonly products: string;
    /** Milliseconds, one a round. */
    readonly arms: readonly { readonly name: string; readonly rounds: readonly number[] }[];
  };
}

/** What the figures were measured on, and how many processes wanted a core in the minute before. */
export function describeMachine() {
  return {
    ...thisMachine(),
    memory: totalmem(),
    system: `${process.platform} ${process.arch}`,
    versions: versions(),
    load: loadavg()[0]!,
  };
}

/** One line about the machine. */
export function machineLine(machine: ReturnType<typeof describeMachine>): string {
  const { memory, system, versions, load } = machine;
  return (
    `${machineText(machine)}, ${Math.round(memory / 2 ** 30)} GiB, ${system}; node ${versions.node}, ` +
    `onnxruntime ${versions['onnxruntime-node']}; load at the start ${load.toFixed(2)}`
  );
}

/** A model's results as text. */
export function modelReport(result: ModelResult): string {
  const { sizes, arms, matMul, batch, threads, dtype } = result;
  const { encoder, decoder, length, channels } = sizes;
  const of = result.decodes
    ? 'drawing an image, its decoding included'
    : "sampling an image's tokens (no decoder)";
  const rounds = arms[0]!.rounds.length;
  const plain = arms.flatMap((arm) => arm.rounds.map(({ plainMatMul }) => plainMatMul));
  const parts = [
    `${result.model}: ${length} tokens × ${channels}, encoder ${encoder.width} × ${encoder.depth}, ` +
      `decoder ${decoder.width} × ${decoder.depth}, weights stored as ${dtype}`,
    `Seconds are of ${of}; batch ${batch}, ${threads} threads. Medians (least–most) of ${rounds} interleaved rounds; ` +
      `ratios to ${arms[0]!.name} are taken within a round.`,
    `Plain MatMul [${matMul.rows} × ${matMul.width}] × [${matMul.width} × ${matMul.hidden}] and back, before each measurement: ` +
      `${withRange(plain, 0)} GFLOP/s.`,
    '',
    figures([HEADING, ...arms.map((arm) => armRow(result, arm))]),
  ];
  if (result.torch) parts.push('', torchReport(result, result.torch));
  return parts.join('\n');
}

const HEADING = [
  'sampler',
  's/image',
  '× faster',
  'transformer',
  'head',
  'decoder',
  'outside',
  'token steps',
  'runs',
  'GFLOP/s',
  'of MatMul',
  'peak MiB',
];

function armRow({ arms, batch }: ModelResult, { name, rounds }: ModelResult['arms'][number]): string[] {
  const median = (of: (round: Round) => number): number => quartilesOf(rounds.map(of)).median;
  const share = (of: (round: Round) => number): string =>
    `${(100 * median((round) => of(round) / round.wall)).toFixed(1)} %`;
  const speed = ({ transformerFlops, transformer }: Round): number =>
    transformerFlops === undefined ? Number.NaN : transformerFlops / transformer / 1e6;
  const counted = rounds.every(({ transformerFlops }) => transformerFlops !== undefined);
  return [
    name,
    withRange(
      rounds.map(({ wall }) => wall / batch / 1000),
      2,
    ),
    withRange(
      rounds.map(({ wall }, index) => arms[0]!.rounds[index]!.wall / wall),
      2,
    ),
    share(({ transformer }) => transformer),
    share(({ head }) => head),
    share(({ decoder }) => decoder),
    share(outside),
    String(median(({ tokenSteps }) => tokenSteps / batch)),
    String(median(({ transformerRuns }) => transformerRuns)),
    ...(counted
      ? [
          median(speed).toFixed(0),
          `${(100 * median((round) => speed(round) / round.plainMatMul)).toFixed(0)} %`,
        ]
      : ['–', '–']),
    (Math.max(...rounds.map(({ peakMemory }) => peakMemory)) / 2 ** 20).toFixed(0),
  ];
}

/** Milliseconds of a measurement that were not spent inside onnxruntime. */
function outside({ wall, transformer, head, decoder }: Measurement): number {
  return wall - transformer - head - decoder;
}

function torchReport(
  { arms, batch, threads }: ModelResult,
  torch: NonNullable<ModelResult['torch']>,
): string {
  const rows = torch.arms.map(({ name, rounds }) => {
    // The port has no autoencoder, so neither has the comparison.
    const ours = arms.find((arm) => arm.name === name)!.rounds.map(({ wall, decoder }) => wall - decoder);
    const ratios = rounds.map((wall, index) => wall / ours[index]!);
    const seconds = (walls: readonly number[]): string =>
      withRange(
        walls.map((wall) => wall / batch / 1000),
        2,
      );
    return [name, seconds(ours), seconds(rounds), withRange(ratios, 2)];
  });
  return [
    `The same checkpoint and algorithm in PyTorch ${torch.version} (tools/torch-port; matrix products by ` +
      `${torch.products}, the quicker of its two routes), ${threads} threads, interleaved with ours, tokens only:`,
    '',
    figures([['sampler', 'ours s/image', 'torch s/image', 'torch ÷ ours'], ...rows]),
  ].join('\n');
}

/** A table with names to the left and figures to the right. */
function figures(rows: readonly (readonly string[])[]): string {
  return textTable(
    rows,
    rows[0]!.map((_, column) => column > 0),
  ).join('\n');
}

/** The median of values, their least and their most. */
function withRange(values: readonly number[], digits: number): string {
  const [median, least, most] = [quartilesOf(values).median, Math.min(...values), Math.max(...values)];
  return `${median.toFixed(digits)} (${least.toFixed(digits)}–${most.toFixed(digits)})`;
}
