import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { killRun } from './kill-run.js';
import { count } from './options.js';
import { describeMachine, machineLine } from './report.js';
import { smallModel } from './small-model.js';

const HELP = `Usage: npm run bench -- kills [options]

Draws a job by worker processes over Redis twice: unbroken, and with kill -9 of workers and of Redis at random moments.
Fails unless every picture is there once with the bytes of the unbroken run. Needs redis-server or valkey-server.

  --pictures N       [10000]
  --shards N         [500]
  --workers N        processes of one thread each   [3]
  --worker-kills N   [50]
  --redis-kills N    [5]
  --model NAME       small (the test model of fixtures/, converted), tiny (the embedded one), arithmetic (no network at
                     all), or a model folder   [small]
  --policy SPEC      [mar:2x2]`;

/** @param given the command line after `kills` */
export async function killRunCommand(given: readonly string[], cacheFolder: string): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...given],
    options: {
      ...{ pictures: text, shards: text, workers: text, 'worker-kills': text, 'redis-kills': text },
      ...{ model: text, policy: text },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return console.log(HELP);
  const number = (name: string, value: string | undefined, fallback: number) =>
    value === undefined ? fallback : count(name, value);
  console.log(machineLine(describeMachine()));
  const { model = 'small', policy = 'mar:2x2' } = values;
  const result = await killRun(
    {
      pictures: number('pictures', values.pictures, 10_000),
      shards: number('shards', values.shards, 500),
      workers: number('workers', values.workers, 3),
      workerKills: number('worker-kills', values['worker-kills'], 50),
      redisKills: number('redis-kills', values['redis-kills'], 5),
      ...(model === 'arithmetic' ? {} : { drawn: { policy, ...(await folderOf(model, cacheFolder)) } }),
    },
    (line) => console.error(`bench: ${line}`),
  );
  const { seconds, kills, shards, pictures, filesCompared } = result;
  console.log(`unbroken   ${seconds.unbroken.toFixed(1)} s
broken     ${seconds.broken.toFixed(1)} s, ${kills.workers} workers and ${kills.redis} servers killed
shards     ${shards.drawn} told as drawn, ${shards.there} found there
pictures   ${pictures}, each once; ${filesCompared} files with the bytes of the unbroken run`);
}

async function folderOf(model: string, cacheFolder: string): Promise<{ model?: string }> {
  if (model === 'tiny') return {};
  return { model: model === 'small' ? await smallModel(cacheFolder) : resolve(model) };
}
