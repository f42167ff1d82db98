import type { SchedulerOptions } from '@tessera/core/scheduling';
import { Access, type AccessToken } from './access.js';
import { answerPictures } from './answer-pictures.js';
import { ApiError, apiErrorOf } from './api-error.js';
import { apiPage } from './api-page.js';
import type { Exchange, LogEntry } from './exchange.js';
import { editSchema, generationSchema, parseFields } from './image-request.js';
import { createMetrics } from './metrics.js';
import { ModelPool, type ModelSource } from './model-pool.js';
import { openApi } from './open-api.js';
import { editJob, generationJob } from './picture-job.js';
import { parseForm, parseJson, readBody } from './request-body.js';

export interface HandlerOptions extends Pick<SchedulerOptions, 'batch' | 'joined'> {
  /** Name → model. The first one is the default, and the server is ready once it is loaded. */
  readonly models: Readonly<Record<string, ModelSource>>;
  /** The part of the path before `/v1`, where the handler isn't mounted at the root. @default '' */
  readonly basePath?: string;
  /** Who may call. @default everybody */
  readonly tokens?: readonly AccessToken[];
  /** Calls that may wait for a model. @default 100 */
  readonly maxWaiting?: number;
  /** Bytes of a body. @default 16 MiB */
  readonly maxBodyBytes?: number;
  /** Pictures of one request. @default 10 */
  readonly maxPictures?: number;
  /** Pixels of a picture that is sent. @default 2^24 */
  readonly maxPixels?: number;
  /** Characters of a prompt. @default 1000 */
  readonly maxPromptLength?: number;
  /** Seconds from the request to the end of its answer. @default 600 */
  readonly maxSeconds?: number;
  /** Bytes of all loaded models. @default 4 GiB */
  readonly memoryBytes?: number;
  /** What pictures may depend on, for recipes, e.g. `{ node: '20.20.2' }`. @default {} */
  readonly versions?: Readonly<Record<string, string>>;
  /** Called at the end of each answer. @default nothing */
  readonly log?: (entry: LogEntry) => void;
  /** Whether prompts are logged. @default false */
  readonly logPrompts?: boolean;
}

/** Answers requests. */
export interface Handler {
  (request: Request): Promise<Response>;
  /** Loads the default model, so that the first caller doesn't wait for it. */
  preload(): Promise<void>;
  /** Refuses new requests, waits for those under way, and frees the models. */
  drain(): Promise<void>;
}

const DEFAULTS = {
  basePath: '',
  tokens: [],
  maxWaiting: 100,
  maxBodyBytes: 2 ** 24,
  maxPictures: 10,
  maxPixels: 2 ** 24,
  maxPromptLength: 1000,
  maxSeconds: 600,
  memoryBytes: 2 ** 32,
  versions: {},
  logPrompts: false,
} satisfies Partial<HandlerOptions>;

type Route = (exchange: Exchange) => Promise<Response> | Response;

/**
 * A handler of OpenAI's images API on Web standards: it mounts in Hono, Next.js, Bun and Deno alike.
 *
 * ```ts
 * const handler = createHandler({
 *   models: { tiny: { load: () => loadModel(modelFolder) } },
 * });
 * const answer = await handler(new Request('http://localhost/v1/models'));
 * ```
 */
export function createHandler(options: HandlerOptions): Handler {
  const settings = { ...DEFAULTS, ...options };
  const { basePath, models, log, maxSeconds } = settings;
  const pool = new ModelPool(models, settings);
  const metrics = createMetrics(pool);
  const access = new Access(settings.tokens);
  const answering = { ...settings, pool, access, metrics, failureOf };
  const document = openApi(settings);
  const startedAt = Math.floor(Date.now() / 1000);
  let isDraining = false;
  let underWay = 0;
  let allDone: () => void = () => {};

  const modelInfo = (id: string) => ({ id, object: 'model', created: startedAt, owned_by: 'tessera' });

  const open: Readonly<Record<string, Route>> = {
    'GET /': ({ request }) => html(apiPage(document, new URL(request.url).origin)),
    'GET /openapi.json': () => Response.json(document),
    'GET /healthz': () => new Response('ok\n'),
    'GET /readyz': () =>
      isDraining
        ? new Response('draining\n', { status: 503 })
        : pool.loaded.length > 0
          ? new Response('ready\n')
          : new Response('loading\n', { status: 503 }),
  };
  const guarded: Readonly<Record<string, Route>> = {
    'GET /metrics': async () =>
      new Response(await metrics.registry.metrics(), {
        headers: { 'content-type': metrics.registry.contentType },
      }),
    'GET /v1/models': () => Response.json({ object: 'list', data: pool.names.map(modelInfo) }),
    async 'POST /v1/images/generations'(exchange) {
      requireType(exchange.request, 'application/json');
      const body = parseFields(
        generationSchema,
        parseJson(await readBody(exchange.request, settings.maxBodyBytes)),
      );
      return answerPictures(exchange, body, (served) => generationJob(body, served, settings), answering);
    },
    async 'POST /v1/images/edits'(exchange) {
      const type = requireType(exchange.request, 'multipart/form-data');
      const { fields, files } = await parseForm(
        await readBody(exchange.request, settings.maxBodyBytes),
        type,
      );
      const body = parseFields(editSchema, fields);
      const stranger = [...files.keys()].find((name) => name !== 'image' && name !== 'mask');
      if (stranger !== undefined) parseFields(editSchema, { [stranger]: true });
      const sent = { image: files.get('image'), mask: files.get('mask') };
      return answerPictures(exchange, body, (served) => editJob(body, sent, served, settings), answering);
    },
  };

  function failureOf({ entry, signal, request }: Exchange, error: unknown): ApiError {
    const failure = request.signal.aborted
      ? new ApiError('The client left.', { status: 499, reason: 'client_left' })
      : apiErrorOf(signal.aborted ? signal.reason : error);
    metrics.errors.inc({ reason: failure.details.reason });
    if (failure.details.status >= 500 || entry.status === 200) entry.error = failure.cause ?? failure;
    return failure;
  }

  async function handle(request: Request): Promise<Response> {
    const began = performance.now();
    const id = request.headers.get('x-request-id')?.slice(0, 100) ?? crypto.randomUUID();
    const path = new URL(request.url).pathname;
    const inside = path.startsWith(basePath)
      ? path.slice(basePath.length).replace(/(?<=.)\/$/, '') || '/'
      : path;
    const name = `${request.method === 'HEAD' ? 'GET' : request.method} ${inside}`;
    const routed = Object.hasOwn(open, name) || Object.hasOwn(guarded, name);
    const route = routed ? inside : 'unknown';
    const entry: Exchange['entry'] = { id, method: request.method, route };
    const controller = new AbortController();
    const abort = (): void => controller.abort(request.signal.reason);
    const timer = setTimeout(() => {
      const tooLong = `The pictures took longer than ${maxSeconds} seconds.`;
      controller.abort(new ApiError(tooLong, { status: 504, reason: 'timeout' }));
    }, maxSeconds * 1000);
    request.signal.addEventListener('abort', abort);
    if (request.signal.aborted) abort();
    const end = (): void => {
      clearTimeout(timer);
      request.signal.removeEventListener('abort', abort);
      underWay--;
      if (underWay === 0) allDone();
      const seconds = (performance.now() - began) / 1000;
      metrics.requestSeconds.observe({ route }, seconds);
      log?.({ ...(entry as LogEntry), seconds });
    };
    underWay++;
    const exchange = { request, signal: controller.signal, entry, abort, end };
    let response: Response;
    try {
      if (!routed) throw unknownRoute(inside, [...Object.keys(open), ...Object.keys(guarded)]);
      if (!open[name] && isDraining)
        throw new ApiError('The server is about to stop. Try again.', {
          ...{ status: 503, reason: 'draining', retryAfter: 5 },
        });
      const account = open[name] ? undefined : await access.accountOf(request);
      if (account) entry.token = account.token.name;
      response = await (open[name] ?? guarded[name]!)({ ...exchange, account });
    } catch (error) {
      const failure = failureOf({ ...exchange, account: undefined }, error);
      response = Response.json(failure.body, { status: failure.details.status });
      const { retryAfter, status } = failure.details;
      if (retryAfter !== undefined) response.headers.set('retry-after', `${retryAfter}`);
      if (status === 401) response.headers.set('www-authenticate', 'Bearer');
    }
    response.headers.set('x-request-id', id);
    entry.status = response.status;
    metrics.requests.inc({ route, status: response.status });
    if (!response.headers.get('content-type')?.startsWith('text/event-stream')) end();
    return response;
  }

  return Object.assign(handle, {
    preload: async () => (await pool.lease(undefined, new AbortController().signal)).release(),
    async drain() {
      isDraining = true;
      if (underWay > 0) await new Promise<void>((resolve) => (allDone = resolve));
      await pool.dispose();
    },
  });
}

/** @throws ApiError 415 */
function requireType(request: Request, type: string): string {
  const given = request.headers.get('content-type') ?? '';
  if (given.split(';')[0]!.trim().toLowerCase() === type) return given;
  throw new ApiError(`The content-type must be ${type}, not "${given}".`, {
    status: 415,
    reason: 'unsupported_media_type',
  });
}

function unknownRoute(path: string, routes: readonly string[]): ApiError {
  const methods = routes.flatMap((route) => (route.endsWith(` ${path}`) ? [route.split(' ')[0]!] : []));
  if (methods.length === 0)
    return new ApiError(`There is nothing at ${path}. See /openapi.json.`, {
      status: 404,
      reason: 'not_found',
    });
  return new ApiError(`${path} takes ${methods.join(', ')}.`, { status: 405, reason: 'method_not_allowed' });
}

function html(text: string): Response {
  return new Response(text, { headers: { 'content-type': 'text/html; charset=utf-8' } });
}
