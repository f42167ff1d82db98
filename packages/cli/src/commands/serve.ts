import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { versions } from '@tessera/evaluation-report/environment';
import { EMBEDDED, EMBEDDED_TEXT } from '@tessera/format';
import { type AccessToken, createHandler, type LogEntry } from '@tessera/server';
import { Command } from 'commander';
import { Hono } from 'hono';
import { pino } from 'pino';
import { type CommandContext, outputOf } from '../command-context.js';
import { readText } from '../input-file.js';
import { type ModelFlags, modelInUse, withFetchOptions, withModelOptions } from '../model-options.js';
import { decimalOption, repeatableOption, wholeNumberOption } from '../number-options.js';
import { wrappedHelp } from '../terminal.js';
import { UsageError } from '../usage-error.js';

interface ServeFlags extends Omit<ModelFlags, 'model'> {
  readonly model?: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly tokens?: string;
  readonly maxWaiting?: number;
  readonly maxPictures?: number;
  readonly maxSeconds?: number;
  readonly memory?: number;
  readonly logPrompts?: boolean;
}

export function serveCommand(context: CommandContext): Command {
  const command = new Command('serve')
    .description('Serve pictures by OpenAI’s images API, over HTTP.')
    .option('--host <name>', 'the address to listen on', '127.0.0.1')
    .addOption(
      wholeNumberOption('--port <n>', 'the port to listen on; 0 for a free one', 0, 65_535).default(8080),
    )
    .option('--tokens <file>', 'who may call: a line each, NAME SHA256 [PICTURES_PER_MINUTE]')
    .addOption(wholeNumberOption('--max-waiting <n>', 'calls that may wait for a model (default: 100)', 0))
    .addOption(wholeNumberOption('--max-pictures <n>', 'pictures of one request (default: 10)', 1, 1000))
    .addOption(wholeNumberOption('--max-seconds <n>', 'time of one request (default: 600)', 1, 86_400))
    .addOption(decimalOption('--memory <GiB>', 'for all loaded models together (default: 4)'))
    .option('--log-prompts', 'write prompts into the log');
  withModelOptions(command, { model: false });
  command.addOption(
    repeatableOption(
      '--model <[name=]source>',
      'a model and its name, may be repeated; loaded when it is asked for (default: the embedded ones, the first of which draws prompts)',
    ),
  );
  return withFetchOptions(command)
    .addHelpText(
      'after',
      wrappedHelp(`Clients of OpenAI's images API work as they are, with this server as their base address. Of a model
that draws classes the prompt is a class name. Fields of ours are seed, class, policy, guidance, recipe and first. The page at /
shows them all. /healthz, /readyz and /metrics are for whoever runs it. The log goes to stderr, a JSON
line an answer. SIGTERM and Ctrl-C refuse new requests and end when those under way are answered.

Examples:
  tessera serve
  tessera serve --port 8000 --model tiny=./model --model https://example.com/other
  printf %s "$TOKEN" | sha256sum     the hash of a token, for --tokens
  curl http://127.0.0.1:8080/v1/images/generations -H 'content-type: application/json' -d '{"prompt": "a burger"}'`),
    )
    .action((flags: ServeFlags) => serve(context, flags));
}

async function serve(context: CommandContext, flags: ServeFlags): Promise<void> {
  const { io } = context;
  const output = outputOf(context, false);
  const tokens = flags.tokens === undefined ? [] : await readTokens(flags.tokens);
  const { model: _, ...modelFlags } = flags;
  const models = Object.fromEntries(
    namedModels(flags.model ?? [`tessera-tiny-text=${EMBEDDED_TEXT}`, `tessera-tiny=${EMBEDDED}`]).map(
      ([name, location]) => [
        name,
        {
          location,
          load: async () => (await modelInUse(context, { ...modelFlags, model: location }, output)).model,
        },
      ],
    ),
  );
  const logger = pino({ base: null }, io.stderr);
  const log = ({ error, ...entry }: LogEntry): void => {
    if (error === undefined) logger.info(entry);
    else logger.error({ ...entry, err: error });
  };
  const { maxWaiting, maxPictures, maxSeconds, memory, logPrompts = false } = flags;
  const handler = createHandler({
    ...{ models, tokens, log, logPrompts, versions: versions() },
    ...(maxWaiting === undefined ? {} : { maxWaiting }),
    ...(maxPictures === undefined ? {} : { maxPictures }),
    ...(maxSeconds === undefined ? {} : { maxSeconds }),
    ...(memory === undefined ? {} : { memoryBytes: memory * 2 ** 30 }),
  });
  const app = new Hono().all('*', ({ req }) => handler(req.raw));
  const server = createAdaptorServer({ fetch: app.fetch });
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).once('listening', resolve).listen(flags.port, flags.host);
    });
    const { address, port, family } = server.address() as AddressInfo;
    output.print(`listening  http://${family === 'IPv6' ? `[${address}]` : address}:${port}`);
    if (tokens.length === 0 && !/^(127\.|::1$)/.test(address))
      output.warn('Note: whoever reaches this machine may call. Give --tokens to say who may.');
    await handler.preload();
    output.print(`ready      ${Object.keys(models).join(', ')}`);
    await stopped(io.signal);
    output.print('draining   new requests are refused');
  } finally {
    // The error of a port that is taken comes before anything listens.
    server.close();
    await handler.drain();
  }
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** `[name=]location` each; without a name the last part of the location. */
function namedModels(words: readonly string[]): (readonly [name: string, location: string])[] {
  const named = words.map((word) => {
    const [, given, location = word] = /^([\w.-]+)=(.+)$/.exec(word) ?? [];
    const last = location
      .replace(/[?#].*$/, '')
      .split(/[\\/]/)
      .filter(Boolean)
      .at(-1);
    return [given ?? last ?? location, location] as const;
  });
  for (const [i, [name]] of named.entries())
    if (named.findIndex(([other]) => other === name) < i)
      throw new UsageError(`Two models are called ${name}. Name them, as in --model other=FOLDER.`);
  return named;
}

/** @throws UsageError that names the line that is wrong */
async function readTokens(path: string): Promise<AccessToken[]> {
  const text = await readText(path);
  return text.split('\n').flatMap((line, i) => {
    if (/^\s*(#|$)/.test(line)) return [];
    const [, name, sha256, perMinute] = /^\s*(\S+)\s+([0-9a-fA-F]{64})(?:\s+(\d+))?\s*$/.exec(line) ?? [];
    if (!name || !sha256)
      throw new UsageError(`${path}, line ${i + 1}: it must be NAME SHA256 [PICTURES_PER_MINUTE].`);
    return [{ name, sha256: sha256.toLowerCase(), ...(perMinute ? { perMinute: Number(perMinute) } : {}) }];
  });
}
