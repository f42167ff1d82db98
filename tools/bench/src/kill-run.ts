import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Fleet } from '@tessera/fleet/redis';
import { startRedis } from '@tessera/fleet/testing';

export interface KillRunOptions {
  readonly pictures: number;
  readonly shards: number;
  readonly workers: number;
  readonly workerKills: number;
  readonly redisKills: number;
  /** What draws. @default a model of arithmetic */
  readonly drawn?: {
    /** Its folder. @default the embedded model */
    readonly model?: string;
    /** A sampler spec. */
    readonly policy: string;
  };
}

export interface KillRunResult {
  /** From the submission to the end, in seconds. */
  readonly seconds: { readonly unbroken: number; readonly broken: number };
  readonly kills: { readonly workers: number; readonly redis: number };
  /** Shards that workers told to have drawn, or found drawn by another one. */
  readonly shards: { readonly drawn: number; readonly there: number };
  /** Pictures of the broken run, each number once. */
  readonly pictures: number;
  readonly filesCompared: number;
}

/** The last moment of a kill, as a share of the time that the unbroken run took. */
const LATEST_KILL = 0.8;

/** The command itself, and the same with a model of arithmetic. */
const COMMAND = fileURLToPath(new URL('../../../packages/cli/dist/tessera.js', import.meta.url));
const ARITHMETIC = fileURLToPath(new URL('../dist/fleet-process.js', import.meta.url));

/**
 * Draws a job twice by a fleet of processes: unbroken, and with `kill -9` of workers and of Redis at random moments.
 *
 * @throws unless every picture of the broken run is there once, and every file has the bytes of the unbroken run's
 */
export async function killRun(
  options: KillRunOptions,
  say: (line: string) => void = () => {},
): Promise<KillRunResult> {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-kills-'));
  try {
    const unbroken = await fleetRun({ ...options, workerKills: 0, redisKills: 0 }, join(folder, 'a'), 0);
    say(`unbroken: ${unbroken.seconds.toFixed(1)} s`);
    const broken = await fleetRun(options, join(folder, 'b'), unbroken.seconds);
    say(`broken: ${broken.seconds.toFixed(1)} s`);
    const [expected, found] = await Promise.all([hashes(join(folder, 'a')), hashes(join(folder, 'b'))]);
    const different = [...new Set([...expected.keys(), ...found.keys()])].filter(
      (path) => expected.get(path) !== found.get(path),
    );
    if (different.length > 0) throw new Error(`These files differ: ${different.slice(0, 10).join(', ')}.`);
    const numbers = [...found.keys()].flatMap((path) => /\/(\d{5,})-[^/]*\.png$/.exec(path)?.[1] ?? []);
    if (numbers.length !== options.pictures || new Set(numbers).size !== options.pictures)
      throw new Error(`${new Set(numbers).size} of ${options.pictures} pictures, ${numbers.length} files.`);
    return {
      seconds: { unbroken: unbroken.seconds, broken: broken.seconds },
      ...{ kills: broken.kills, shards: broken.shards, pictures: numbers.length, filesCompared: found.size },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Draws a job by worker processes of one thread each, from the submission until nothing is left.
 *
 * @param expectedSeconds over which the kills are spread
 */
export async function fleetRun(options: KillRunOptions, out: string, expectedSeconds: number) {
  const { pictures, shards, workers, workerKills, redisKills, drawn } = options;
  const redis = await startRedis();
  const start = starter({ TESSERA_REDIS: redis.url }, drawn ? COMMAND : ARITHMETIC);
  const over = new AbortController();
  try {
    const job = ['--pictures', `0-${pictures - 1}`, '--of', `${shards}`, '--name', 'job'];
    const model = drawn?.model === undefined ? [] : ['--model', drawn.model];
    await succeeds(start(['submit', ...job, ...model, '--policy', drawn?.policy ?? 'mar:2x2']));
    const begin = performance.now();
    const counts = { drawn: 0, there: 0 };
    const slots = Array.from({ length: workers }, () => workerSlot(start, out, counts, over.signal));
    const kills = { workers: 0, redis: 0 };
    const killing = async () => {
      const targets = shuffled([
        ...Array<'workers'>(workerKills).fill('workers'),
        ...Array<'redis'>(redisKills).fill('redis'),
      ]);
      // Within the time that the unbroken run took, as the broken one takes longer: all fall into it.
      const moments = targets.map(() => LATEST_KILL * expectedSeconds * Math.random()).sort((a, b) => a - b);
      for (const [i, target] of targets.entries()) {
        await pause(Math.max(0, begin + 1000 * moments[i]! - performance.now()));
        if (target === 'redis') {
          await redis.kill();
          await pause(1000 * Math.random());
          await redis.restart();
        } else {
          const slot = slots[Math.floor(slots.length * Math.random())]!;
          // One that was just killed is about to start again.
          while (!slot.kill() && !slot.isDone()) await pause(5);
          if (slot.isDone()) continue;
        }
        kills[target]++;
      }
    };
    await Promise.all([killing(), ...slots.map(({ done }) => done)]);
    const seconds = (performance.now() - begin) / 1000;
    const fleet = await Fleet.connect(redis.url);
    const [status] = await fleet.status();
    await fleet.close();
    if (status?.state !== 'done') throw new Error(`The job is not done: ${JSON.stringify(status)}`);
    return { seconds, kills, shards: counts };
  } finally {
    over.abort();
    await redis.stop();
  }
}

/** A worker that is started again when it ends before the work does, as a scheduler of machines does. */
function workerSlot(start: Start, out: string, counts: { drawn: number; there: number }, over: AbortSignal) {
  let current: ChildProcess | undefined;
  let isDone = false;
  const draw = async () => {
    const args = ['worker', '--out', out, '--threads', '1', '--lost-after', '5', '--until-empty'];
    while (!over.aborted) {
      const { child, said } = start(args);
      current = child;
      const [code] = await once(child, 'close');
      counts.there += said().split(', was there').length - 1;
      counts.drawn += said().match(/ shard \d+ of \d+, \d+ pictures$/gm)?.length ?? 0;
      if (code === 0) break;
    }
    isDone = true;
  };
  over.addEventListener('abort', () => current?.kill('SIGKILL'));
  return { done: draw(), isDone: () => isDone, kill: () => current?.kill('SIGKILL') === true };
}

type Start = ReturnType<typeof starter>;

/** Starts processes of the command. */
const starter = (env: Readonly<Record<string, string>>, command: string) => (args: readonly string[]) => {
  const child = spawn(process.execPath, [command, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (data: string) => {
    text += data;
  });
  return { child, said: () => text };
};

async function succeeds({ child, said }: ReturnType<Start>): Promise<void> {
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`"${child.spawnargs.join(' ')}" ended with ${code}. ${said()}`);
}

/** Path below a folder → SHA-256, of every file. */
async function hashes(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found.set(
      path.slice(folder.length),
      createHash('sha256')
        .update(await readFile(path))
        .digest('hex'),
    );
  }
  return found;
}

function shuffled<Item>(items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
