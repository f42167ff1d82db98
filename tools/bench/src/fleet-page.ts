import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fleetRun } from './kill-run.js';
import { count } from './options.js';
import { describeMachine, machineLine } from './report.js';
import { type FleetModel, simulateFleet } from './simulate-fleet.js';

const HELP = `Usage: npm run bench -- fleet [options]

Measures one worker against two, plays fleets of up to 1,000 machines through, and writes the page about both.

  --pictures N         of the measurement   [120]
  --picture-seconds S  of a picture, for the simulation   [0.4]
  --price USD          of a machine's hour, for the cost   [0.04]
  --out FILE           the page   [docs/fleets.md]`;

const POLICY = 'gtr-16';

const MODEL: Omit<FleetModel, 'machines' | 'pictureSeconds'> = {
  ...{ pictures: 10_000_000, picturesPerShard: 512, speedSpread: 0.15 },
  ...{ stragglers: { part: 0.02, factor: 4 }, meanLifeSeconds: 8 * 3600 },
  ...{ replacementSeconds: 120, startSeconds: 30, lostAfterSeconds: 30 },
};

/** @param given the command line after `fleet` */
export async function fleetPage(given: readonly string[]): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...given],
    options: {
      ...{ pictures: text, 'picture-seconds': text, price: text, out: text },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return console.log(HELP);
  const pictures = count('pictures', values.pictures ?? '120');
  const machine = machineLine(describeMachine());
  const measured = await scaling(pictures);
  const pictureSeconds = Number(values['picture-seconds'] ?? 0.4);
  const page = pageOf({ machine, pictures, measured, pictureSeconds, price: Number(values.price ?? 0.04) });
  await writeFile(values.out ?? 'docs/fleets.md', page);
  console.log(page);
}

/** Seconds of one worker and of two, in turn; each the least of two runs. */
async function scaling(pictures: number): Promise<readonly [one: number, two: number]> {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-scaling-'));
  const seconds: Record<number, number[]> = { 1: [], 2: [] };
  try {
    for (const run of [0, 1]) {
      for (const workers of [1, 2]) {
        const job = { pictures, shards: Math.ceil(pictures / 3), workers, workerKills: 0, redisKills: 0 };
        const done = await fleetRun(
          { ...job, drawn: { policy: POLICY } },
          join(folder, `${run}-${workers}`),
          0,
        );
        seconds[workers]!.push(done.seconds);
        console.error(`bench: ${workers} workers, ${done.seconds.toFixed(1)} s`);
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return [Math.min(...seconds[1]!), Math.min(...seconds[2]!)];
}

function pageOf(parts: {
  readonly machine: string;
  readonly pictures: number;
  readonly measured: readonly [one: number, two: number];
  readonly pictureSeconds: number;
  readonly price: number;
}): string {
  const { machine, pictures, measured, pictureSeconds, price } = parts;
  const [one, two] = measured;
  const play = (change: Partial<FleetModel>) =>
    simulateFleet({ ...MODEL, machines: 1000, pictureSeconds, ...change });
  const row = (name: string, change: Partial<FleetModel>) => {
    const { seconds, efficiency, losses, redrawn, tailSeconds, machineHours } = play(change);
    const cells = [
      ...[name, duration(seconds), `${(100 * efficiency).toFixed(1)} %`, `${losses}`],
      ...[`${(100 * redrawn).toFixed(2)} %`, duration(tailSeconds), `${Math.round(machineHours)}`],
    ];
    return `| ${[...cells, `${Math.round(machineHours * price)}`].join(' | ')} |`;
  };
  const head = `| fleet | time | efficiency | machines lost | drawn again | tail | machine hours | USD |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |`;
  const { speedSpread, stragglers, meanLifeSeconds, replacementSeconds, startSeconds, lostAfterSeconds } =
    MODEL;
  return `# Fleets: one worker and two, measured; a thousand, simulated

Written by \`npm run bench -- fleet\`. Measured on ${machine}.

## One worker and two

${pictures} pictures of the embedded model by \`${POLICY}\`, in shards of 3, over Redis on the same machine, from the submission to the
check of the whole. Each worker has one thread. The better of two runs each, taken in turn.

| workers | seconds | pictures a second | against one |
| ---: | ---: | ---: | ---: |
| 1 | ${one.toFixed(1)} | ${(pictures / one).toFixed(1)} | |
| 2 | ${two.toFixed(1)} | ${(pictures / two).toFixed(1)} | ${(one / two).toFixed(2)} × |

Both times include the start of the processes and the check of the whole. Where the load at the start isn't near zero, other
programs had a part of the cores, and the ratio says little.

## A thousand machines

A simulation, not a measurement: \`tools/bench/src/simulate-fleet.ts\`, seed 1. ${MODEL.pictures.toLocaleString('en')} pictures of ${pictureSeconds} s each, in shards of
${MODEL.picturesPerShard}. A machine's speed is lognormal with a spread of ${speedSpread}; ${100 * stragglers.part} % are ${stragglers.factor} times slower. A machine is lost without a
word after ${meanLifeSeconds / 3600} hours in the mean (exponential), its shard goes to another one after ${lostAfterSeconds} s, and a new machine is there after
${replacementSeconds} s and needs ${startSeconds} s to start. The queue answers at once: the fleet asks it about ${Math.round(1000 / (MODEL.picturesPerShard * pictureSeconds))} times a second. Efficiency is against machines
of speed 1 that are never lost and never wait. A machine's hour costs ${price} USD, an assumption; storage and traffic are not in it.

${head}
${[1, 10, 100, 1000].map((machines) => row(`${machines.toLocaleString('en')} machine${machines === 1 ? '' : 's'}`, { machines })).join('\n')}

What matters at 1,000 machines:

${head}
${[
  row('as above', {}),
  row('shards of 64', { picturesPerShard: 64 }),
  row('shards of 4,096', { picturesPerShard: 4096 }),
  row('no stragglers', { stragglers: { part: 0, factor: 1 } }),
  row('lost after 1 hour in the mean', { meanLifeSeconds: 3600 }),
  row('never lost', { meanLifeSeconds: Number.POSITIVE_INFINITY }),
].join('\n')}

## On paper

Drawing takes pictures × seconds ÷ 3600 machine hours: 10 million at ${pictureSeconds} s are ${Math.round((1e7 * pictureSeconds) / 3600)} hours, ${Math.round(((1e7 * pictureSeconds) / 3600) * price)} USD at ${price}, whatever the number of
machines. What the fleet adds is the difference to the machine hours above. The queue holds ${Math.ceil(MODEL.pictures / MODEL.picturesPerShard).toLocaleString('en')} entries, about 31 MB. The store holds
10 million files; at 10 kB each that is 100 GB, and file systems with few inodes need larger ones or an archive a shard.
`;
}

/** `67 min`, `46.3 days`. */
function duration(seconds: number): string {
  if (seconds < 100 * 60) return `${(seconds / 60).toFixed(1)} min`;
  return seconds < 48 * 3600 ? `${(seconds / 3600).toFixed(1)} h` : `${(seconds / 86_400).toFixed(1)} days`;
}
