import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { generate } from '@tessera/core';
import { quartilesOf } from '@tessera/evaluate';
import { buildSampling, classesOf, inputOf, parseSpec, pictureAt, resolveSampling } from '@tessera/format';
import { modelFolder } from '@tessera/model-tiny';
import { loadModel } from '@tessera/runtime-node';
import autocannon from 'autocannon';
import { count } from './options.js';
import { describeMachine, machineLine } from './report.js';

const HELP = `Usage: npm run bench -- load [options]

Puts load on \`tessera serve\` with the embedded model, by autocannon: pictures a second at 1, 10 and 100 callers against
the bare loop, in rounds and in turn, with the processor's seconds of a picture, which other programs disturb less;
waiting; memory over many requests; clients that leave.

  --policy SPEC      [gtr-16]
  --callers LIST     at once, each a measurement of a round   [1,10,100]
  --rounds N         [3]
  --seconds N        of each measurement   [10]
  --requests N       over which memory is measured, by the quickest policy   [1000]
  --only LIST        of rate, memory, abort   [all]`;

const COMMAND = fileURLToPath(new URL('../../../packages/cli/dist/tessera.js', import.meta.url));
/** Draws in a few milliseconds: what is looked at is the server. */
const QUICK = 'mar:1x2';

/** @param given the command line after `load` */
export async function loadBenchmark(given: readonly string[]): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...given],
    options: {
      ...{ policy: text, callers: text, rounds: text, seconds: text, requests: text, only: text },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return console.log(HELP);
  const { policy = 'gtr-16', rounds = '3', seconds = '10', requests = '1000', only } = values;
  const numbers = (values.callers ?? '1,10,100').split(',').map((number) => count('callers', number));
  const parts = only?.split(',') ?? ['rate', 'memory', 'abort'];
  console.log(machineLine(describeMachine()));
  const server = await serve();
  try {
    if (parts.includes('rate'))
      await rates(server, policy, numbers, count('rounds', rounds), count('seconds', seconds));
    if (parts.includes('memory')) await memory(server, count('requests', requests));
    if (parts.includes('abort')) await aborts(server, policy);
  } finally {
    await server.stop();
  }
}

type Server = Awaited<ReturnType<typeof serve>>;

async function serve() {
  const child = spawn(
    process.execPath,
    [COMMAND, 'serve', '--port', '0', '--model', fileURLToPath(modelFolder)],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  );
  let said = '';
  child.stdout.setEncoding('utf8');
  for await (const data of child.stdout.iterator({ destroyOnReturn: false })) {
    said += data;
    if (said.includes('ready ')) break;
  }
  const [url] = /http:\S+/.exec(said) ?? [];
  if (url === undefined) throw new Error(`tessera serve did not start: ${said}`);
  child.stdout.resume();
  return {
    url,
    /** The sum of a metric over its labels. */
    async metric(name: string): Promise<number> {
      const lines = await (await fetch(`${url}/metrics`)).text();
      return [...lines.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))].reduce(
        (sum, [, value]) => sum + Number(value),
        0,
      );
    },
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

/** Of a measurement. */
interface Rate {
  /** Pictures a second. */
  readonly rate: number;
  /** The processor's seconds of a picture. */
  readonly processor: number;
}

/** Draws pictures one after the other without a server. */
async function bareLoop() {
  const model = await loadModel(modelFolder, { device: 'cpu' });
  const classes = classesOf(model.manifest);
  return {
    dispose: () => model.dispose(),
    async rate(policy: string, seconds: number): Promise<Rate> {
      const sampling = buildSampling(resolveSampling(parseSpec(policy), model.manifest.sampling));
      const begin = performance.now();
      const before = process.cpuUsage();
      let pictures = 0;
      do {
        const picture = pictureAt(classes, pictures++);
        const requests = [{ seed: 1, imageIndex: picture.index, input: inputOf(picture) }];
        for await (const _ of generate({ model, requests, ...sampling }));
      } while (performance.now() - begin < 1000 * seconds);
      const { user, system } = process.cpuUsage(before);
      return {
        rate: (1000 * pictures) / (performance.now() - begin),
        processor: (user + system) / 1e6 / pictures,
      };
    },
  };
}

const request = (policy: string, given: object = {}) => ({
  method: 'POST' as const,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ prompt: 'cat', policy, seed: 1, ...given }),
});

async function rates(
  server: Server,
  policy: string,
  numbers: readonly number[],
  rounds: number,
  seconds: number,
): Promise<void> {
  const bare = await bareLoop();
  const shares: Record<number, number[]> = Object.fromEntries(numbers.map((callers) => [callers, []]));
  await bare.rate(policy, 1);
  await fetch(`${server.url}/v1/images/generations`, request(policy));
  for (let round = 1; round <= rounds; round++) {
    const alone = await bare.rate(policy, seconds);
    console.log(`round ${round}  the bare loop  ${rateText(alone)}`);
    for (const connections of numbers) {
      const { p50, p99, ...measured } = await callers(server, policy, connections, seconds * alone.rate);
      const share = `${percent(measured.rate / alone.rate)} and ${percent(alone.processor / measured.processor)} of the bare loop`;
      shares[connections]!.push(measured.rate / alone.rate);
      console.log(
        `round ${round}  ${`${connections}`.padStart(3)} callers    ${rateText(measured)}, ${share}; waiting p50 ${p50} ms, p99 ${p99} ms`,
      );
    }
  }
  for (const connections of numbers) {
    const { median } = quartilesOf(shares[connections]!);
    console.log(
      `${`${connections}`.padStart(12)} callers    ${percent(median)} of the bare loop in the median`,
    );
  }
  await bare.dispose();
}

const percent = (part: number): string => `${Math.round(100 * part)} %`;
const rateText = ({ rate, processor }: Rate): string =>
  `${rate.toFixed(2)} pictures a second, ${processor.toFixed(3)} s of the processor each`;

/** @param pictures at least one for each caller */
async function callers(server: Server, policy: string, connections: number, pictures: number) {
  const processor = () => server.metric('process_cpu_seconds_total');
  const before = await processor();
  const amount = Math.max(Math.ceil(pictures), connections);
  const begin = performance.now();
  // Its own duration ends with a whole second.
  let end = begin;
  const { latency, errors, non2xx } = await new Promise<autocannon.Result>((resolve, reject) => {
    const url = `${server.url}/v1/images/generations`;
    const run = autocannon({ url, connections, amount, timeout: 600, ...request(policy) }, (error, result) =>
      error ? reject(error) : resolve(result),
    );
    run.on('response', () => (end = performance.now()));
  });
  if (errors + non2xx > 0)
    throw new Error(`${errors} errors and ${non2xx} refusals at ${connections} callers.`);
  return {
    ...{ rate: (1000 * amount) / (end - begin), processor: ((await processor()) - before) / amount },
    ...{ p50: latency.p50, p99: latency.p99 },
  };
}

async function memory(server: Server, requests: number): Promise<void> {
  const tenth = Math.ceil(requests / 10);
  const mebibytes: number[] = [];
  for (let part = 0; part < 10; part++) {
    await callers(server, QUICK, 10, tenth);
    mebibytes.push((await server.metric('process_resident_memory_bytes')) / 2 ** 20);
  }
  console.log(`memory after each ${tenth} requests, MiB: ${mebibytes.map(Math.round).join(' ')}`);
}

async function aborts(server: Server, policy: string): Promise<void> {
  const before = await server.metric('tessera_pictures_total');
  const left = await Promise.all(
    Array.from({ length: 100 }, (_, i) =>
      fetch(`${server.url}/v1/images/generations`, {
        ...request(policy, { n: 4 }),
        signal: AbortSignal.timeout(100 + 10 * i),
      }).then(
        () => 0,
        () => 1,
      ),
    ),
  );
  const gone = performance.now();
  const busy = async () =>
    (await server.metric('tessera_calls_waiting')) + (await server.metric('tessera_calls_running'));
  while ((await busy()) > 0) {
    if (performance.now() - gone > 60_000) throw new Error('Calls of clients that left are still running.');
    await pause(20);
  }
  const after = await server.metric('tessera_pictures_total');
  console.log(
    `${left.reduce<number>((sum, one) => sum + one, 0)} of 100 clients left; nothing was running ${Math.round(performance.now() - gone)} ms after the last; ${after - before} pictures were finished`,
  );
}
