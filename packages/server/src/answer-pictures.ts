import { QueueFullError } from '@tessera/core/scheduling';
import type { Access } from './access.js';
import { ApiError, invalidField } from './api-error.js';
import { drawJob } from './draw-job.js';
import { eventStream } from './event-stream.js';
import type { Exchange } from './exchange.js';
import type { EditFields } from './image-request.js';
import type { Metrics } from './metrics.js';
import type { ModelPool, PooledModel } from './model-pool.js';
import { encodePicture } from './picture-codec.js';
import type { PictureJob } from './picture-job.js';

export interface AnswerOptions {
  readonly pool: ModelPool;
  readonly access: Access;
  readonly metrics: Metrics;
  readonly maxPromptLength: number;
  readonly logPrompts: boolean;
  /** What became of an exchange whose stream fails. */
  failureOf(exchange: Exchange, error: unknown): ApiError;
}

type Prepare = (served: PooledModel) => PictureJob | Promise<PictureJob>;

/** A picture of a job as it is sent. */
interface SentPicture {
  readonly index: number;
  readonly partial: number | undefined;
  readonly b64_json: string;
  readonly size: string;
  readonly recipe: object;
}

/** Pictures as OpenAI's API answers them: as one document, or as a stream of events. */
export async function answerPictures(
  exchange: Exchange,
  body: EditFields,
  prepare: Prepare,
  options: AnswerOptions,
): Promise<Response> {
  const length = body.prompt?.length ?? 0;
  if (length > options.maxPromptLength)
    throw invalidField(
      'prompt',
      `The prompt has ${length} characters, and ${options.maxPromptLength} are the most.`,
      'string_above_max_length',
    );
  if (body.partial_images > 0 && !body.stream)
    throw invalidField('partial_images', 'Partial pictures come in a stream: set stream, or leave them out.');
  if (options.logPrompts && body.prompt) exchange.entry.prompt = body.prompt;
  const lease = await options.pool.lease(body.model ?? undefined, exchange.signal);
  const { served } = lease;
  let isStreaming = false;
  try {
    exchange.entry.model = served.name;
    const job = await prepare(served);
    options.access.spend(exchange.account, job.count);
    exchange.entry.seed = job.seed;
    exchange.entry.pictures = job.count;
    const pictures = sentPictures(exchange, body, job, served, options);
    if (!body.stream) return await wholeAnswer(body, job, served, pictures);
    const first = pictures.next();
    first.catch(() => undefined);
    // A full queue refuses at once; who waits in it waits in the stream.
    await Promise.race([first, new Promise((resolve) => setTimeout(resolve, 1))]);
    isStreaming = true;
    const { abort } = exchange;
    const end = (): void => {
      lease.release();
      exchange.end();
    };
    const events = streamEvents(body, job, served, first, pictures);
    const failed = (error: unknown): object => options.failureOf(exchange, error).body;
    return new Response(eventStream({ events, failed, abort, end }), {
      headers: {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      },
    });
  } finally {
    if (!isStreaming) lease.release();
  }
}

async function* sentPictures(
  { signal, entry }: Exchange,
  { output_format: format, output_compression: quality, partial_images: partials }: EditFields,
  job: PictureJob,
  served: PooledModel,
  { metrics }: AnswerOptions,
): AsyncGenerator<SentPicture, void, undefined> {
  const onBegin = (seconds: number): void => {
    entry.waitedSeconds = seconds;
  };
  try {
    for await (const { index, image, partial } of drawJob(job, served, {
      partials,
      signal,
      metrics,
      onBegin,
    })) {
      const recipe = job.recipeOf(index);
      const bytes = await encodePicture(image, { format, quality, recipe });
      const b64_json = Buffer.from(bytes).toString('base64');
      yield { index, partial, b64_json, size: `${image.width}x${image.height}`, recipe };
    }
  } catch (error) {
    if (!QueueFullError.isInstance(error)) throw error;
    const seconds = Math.ceil(served.scheduler.load.imagesLeft * served.secondsPerPicture);
    throw new ApiError(`${error.waiting} requests wait for this model already.`, {
      status: 429,
      type: 'rate_limit_error',
      reason: 'queue_full',
      retryAfter: Math.max(1, seconds),
    });
  }
}

async function wholeAnswer(
  { output_format, response_format }: EditFields,
  job: PictureJob,
  served: PooledModel,
  sent: AsyncIterable<SentPicture>,
): Promise<Response> {
  const pictures: SentPicture[] = [];
  for await (const picture of sent) pictures[picture.index] = picture;
  return Response.json({
    created: unixTime(),
    data: pictures.map(({ b64_json, recipe }) => ({
      ...(response_format === 'url'
        ? { url: `data:image/${output_format};base64,${b64_json}` }
        : { b64_json }),
      revised_prompt: job.revisedPrompt,
      recipe,
    })),
    ...{ output_format, size: pictures[0]?.size, quality: 'auto', background: 'opaque' },
    usage: usageOf(served, pictures.length),
    seed: job.seed,
    recipe: job.recipe,
  });
}

async function* streamEvents(
  { output_format }: EditFields,
  { kind, seed, revisedPrompt }: PictureJob,
  served: PooledModel,
  first: Promise<IteratorResult<SentPicture, void>>,
  pictures: AsyncGenerator<SentPicture, void, undefined>,
): AsyncGenerator<readonly [name: string, data: object], void, undefined> {
  try {
    for (let next = await first; !next.done; next = await pictures.next()) {
      const { index, partial, b64_json, size, recipe } = next.value;
      const isPartial = partial !== undefined;
      const type = `${kind}.${isPartial ? 'partial_image' : 'completed'}`;
      const own = isPartial
        ? { partial_image_index: partial }
        : { usage: usageOf(served, 1), revised_prompt: revisedPrompt, recipe };
      const common = { created_at: unixTime(), size, quality: 'auto', background: 'opaque', output_format };
      yield [type, { type, b64_json, ...common, index, seed, ...own }];
    }
  } finally {
    await pictures.return();
  }
}

const unixTime = (): number => Math.floor(Date.now() / 1000);

/** Counts the tokens of the grids: what is drawn. */
function usageOf({ model }: PooledModel, pictures: number) {
  const tokens = pictures * model.shape.height * model.shape.width;
  return {
    total_tokens: tokens,
    input_tokens: 0,
    output_tokens: tokens,
    input_tokens_details: { image_tokens: 0, text_tokens: 0 },
  };
}
