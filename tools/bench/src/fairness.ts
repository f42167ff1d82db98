import { parseArgs } from 'node:util';
import { type GenerateOptions, generateImages, type ModelInput } from '@tessera/core';
import { Scheduler } from '@tessera/core/scheduling';
import { quartilesOf } from '@tessera/evaluate';
import {
  buildSampling,
  classesOf,
  inputOf,
  parseSpec,
  pictureAt,
  resolveSampling,
  usualBatch,
} from '@tessera/format';
import { modelFolder } from '@tessera/model-tiny';
import { type LoadedModel, loadModel } from '@tessera/runtime-node';
import { count } from './options.js';
import { describeMachine, machineLine } from './report.js';

const HELP = `Usage: npm run bench -- fairness [options]

Several calls of the embedded model at once, through the scheduler and without it, in turn: how long one picture takes
beside a batch, and how long ten single pictures wait.

  --policy SPEC   [gtr-16]
  --rounds N      [5]
  --batch N       pictures of the batch   [32]
  --calls N       single pictures at once   [10]
  --joined N      pictures of several calls that share a step   [what the server joins]`;

type Draw = (options: Omit<GenerateOptions<ModelInput>, 'model'>) => Promise<unknown>;

/** @param given the command line after `fairness` */
export async function fairness(given: readonly string[]): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...given],
    options: {
      ...{ policy: text, rounds: text, batch: text, calls: text, joined: text },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return console.log(HELP);
  const batch = count('batch', values.batch ?? '32');
  const calls = count('calls', values.calls ?? '10');
  console.log(machineLine(describeMachine()));
  const model = await loadModel(modelFolder, { device: 'cpu' });
  try {
    const joined = values.joined === undefined ? usualBatch(model) : count('joined', values.joined);
    const drawer = drawing(model, values.policy ?? 'gtr-16');
    const bare: Draw = (options) => generateImages({ ...options, model });
    const measures: Measures[] = [];
    await drawer(bare, 0, 1);
    for (let round = 0; round < count('rounds', values.rounds ?? '5'); round++) {
      const scheduler = new Scheduler<ModelInput>(model, { joined });
      const scheduled: Draw = (options) => scheduler.generateImages(options);
      const alone = await timed(() => drawer(scheduled, 0, 1));
      const beside = await besideBatch((first, n) => drawer(scheduled, first, n), batch);
      const withScheduler = await atOnce((first) => drawer(scheduled, first, 1), calls);
      const without = await atOnce((first) => drawer(bare, first, 1), calls);
      const inTurn = await timed(async () => {
        for (let i = 0; i < calls; i++) await drawer(bare, i, 1);
      });
      const measured = { alone, beside, withScheduler, without, inTurn };
      measures.push(measured);
      console.error(`bench: round ${round + 1}: ${JSON.stringify(measured, (_, value) => rounded(value))}`);
    }
    report(measures, batch, calls);
  } finally {
    await model.dispose();
  }
}

/** Seconds. */
interface Measures {
  readonly alone: number;
  readonly beside: number;
  readonly withScheduler: { readonly mean: number; readonly last: number };
  readonly without: { readonly mean: number; readonly last: number };
  /** The calls one after the other, of the bare model. */
  readonly inTurn: number;
}

function drawing(model: LoadedModel, policy: string) {
  const classes = classesOf(model.manifest);
  const sampling = buildSampling(resolveSampling(parseSpec(policy), model.manifest.sampling));
  return (draw: Draw, first: number, n: number) => {
    const requests = Array.from({ length: n }, (_, i) => {
      const picture = pictureAt(classes, first + i);
      return { seed: 1, imageIndex: picture.index, input: inputOf(picture) };
    });
    return draw({ requests, ...sampling });
  };
}

async function timed(task: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await task();
  return (performance.now() - begin) / 1000;
}

/** Seconds of one picture that comes while a batch is drawn. */
async function besideBatch(
  draw: (first: number, n: number) => Promise<unknown>,
  pictures: number,
): Promise<number> {
  const batch = draw(100, pictures);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const seconds = await timed(() => draw(0, 1));
  await batch;
  return seconds;
}

/** Seconds until calls that come at once have ended. */
async function atOnce(draw: (first: number) => Promise<unknown>, calls: number) {
  const seconds = await Promise.all(Array.from({ length: calls }, (_, i) => timed(() => draw(i))));
  return { mean: seconds.reduce((sum, each) => sum + each, 0) / calls, last: Math.max(...seconds) };
}

function report(measures: readonly Measures[], batch: number, calls: number): void {
  const line = (name: string, of: (each: Measures) => number, unit: string): void => {
    const all = measures.map(of);
    const [least, most] = [Math.min(...all), Math.max(...all)];
    console.log(
      `${name.padEnd(60)} ${quartilesOf(all).median.toFixed(2)}${unit} (${least.toFixed(2)} to ${most.toFixed(2)})`,
    );
  };
  line('one picture alone', ({ alone }) => alone, ' s');
  line(`one picture beside a batch of ${batch}`, ({ beside }) => beside, ' s');
  line('  against alone', ({ beside, alone }) => beside / alone, ' ×');
  line(
    `${calls} at once, mean until the end, by the scheduler`,
    ({ withScheduler }) => withScheduler.mean,
    ' s',
  );
  line(`${calls} at once, mean until the end, without it`, ({ without }) => without.mean, ' s');
  line('  by the scheduler against without', (each) => each.withScheduler.mean / each.without.mean, ' ×');
  line(`${calls} one after the other, all`, ({ inTurn }) => inTurn, ' s');
  line('  throughput by the scheduler against that', (each) => each.inTurn / each.withScheduler.last, ' ×');
}

const rounded = (value: unknown): unknown => (typeof value === 'number' ? Number(value.toFixed(2)) : value);
