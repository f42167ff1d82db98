import {
  APICallError,
  type ImageModelV3,
  type ImageModelV3CallOptions,
  type ImageModelV3File,
  type JSONObject,
  type SharedV3Warning,
  UnsupportedFunctionalityError,
} from '@ai-sdk/provider';

/** How a server is reached. */
export interface Connection {
  /** Without a slash at its end. */
  readonly baseURL: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly picturesPerRequest: number;
  send(request: Request): Promise<Response>;
}

/** What a server answers. */
interface Answer {
  readonly data: readonly {
    readonly b64_json: string;
    readonly revised_prompt: string;
    readonly recipe: JSONObject;
  }[];
  readonly size: string;
  readonly seed: number;
  readonly usage: {
    readonly input_tokens: number;
    readonly output_tokens: number;
    readonly total_tokens: number;
  };
}

/**
 * An image model of a Tessera server. `providerOptions.tessera` takes the server's own fields: class, policy, guidance,
 * recipe, output_format and so on. `providerMetadata.tessera.images` has the seed and recipe of each picture.
 */
export class TesseraImageModel implements ImageModelV3 {
  readonly specificationVersion = 'v3';
  readonly provider = 'tessera';
  readonly modelId: string;
  /** Of one seed: the SDK gives each of several calls the same seed, so all pictures must be of one call to differ. */
  readonly maxImagesPerCall = Number.MAX_SAFE_INTEGER;
  /** Not a private name of the language: `ai` 7 calls the model through a proxy, which has none. */
  private readonly connection: Connection;

  constructor(modelId: string, connection: Connection) {
    this.modelId = modelId;
    this.connection = connection;
  }

  async doGenerate(
    options: ImageModelV3CallOptions,
  ): Promise<Awaited<ReturnType<ImageModelV3['doGenerate']>>> {
    const { n, seed, size, aspectRatio } = options;
    const { picturesPerRequest } = this.connection;
    const answers: Answer[] = [];
    let headers: Record<string, string> | undefined;
    for (let first = 0; first < n; first += picturesPerRequest) {
      const given = seed ?? answers[0]?.seed;
      const response = await this.request(options, {
        n: Math.min(picturesPerRequest, n - first),
        ...(given === undefined ? {} : { seed: given }),
        ...(first > 0 ? { first } : {}),
      });
      headers = Object.fromEntries(response.headers);
      answers.push((await response.json()) as Answer);
    }
    const pictures = answers.flatMap(({ data }) => data);
    const drawn = answers[0]?.size;
    const warnings: SharedV3Warning[] = [];
    if (size !== undefined && drawn !== undefined && size !== drawn)
      warnings.push({ type: 'unsupported', feature: 'size', details: `The model draws ${drawn}.` });
    if (aspectRatio !== undefined) warnings.push({ type: 'unsupported', feature: 'aspectRatio' });
    const total = (key: keyof Answer['usage']): number =>
      answers.reduce((sum, { usage }) => sum + usage[key], 0);
    return {
      images: pictures.map(({ b64_json }) => b64_json),
      warnings,
      providerMetadata: {
        tessera: {
          images: pictures.map(({ revised_prompt, recipe }) => ({
            seed: answers[0]!.seed,
            revisedPrompt: revised_prompt,
            recipe,
          })),
        },
      },
      response: { timestamp: new Date(), modelId: this.modelId, headers },
      usage: {
        inputTokens: total('input_tokens'),
        outputTokens: total('output_tokens'),
        totalTokens: total('total_tokens'),
      },
    };
  }

  /** @throws APICallError with the server's words, which the SDK repeats where that may help */
  private async request(
    { prompt, files = [], mask, providerOptions, abortSignal, headers }: ImageModelV3CallOptions,
    counts: object,
  ): Promise<Response> {
    const { baseURL, headers: own, send } = this.connection;
    const values = {
      ...(prompt === undefined ? {} : { prompt }),
      ...(this.modelId === '' ? {} : { model: this.modelId }),
      ...counts,
      ...providerOptions.tessera,
    };
    const [file, ...more] = files;
    if (more.length > 0) throw new UnsupportedFunctionalityError({ functionality: 'several files' });
    const url = `${baseURL}/images/${file ? 'edits' : 'generations'}`;
    const given = Object.entries(headers ?? {}).filter(
      (each): each is [string, string] => each[1] !== undefined,
    );
    const response = await send(
      new Request(url, {
        method: 'POST',
        headers: {
          ...own,
          ...Object.fromEntries(given),
          ...(file ? {} : { 'content-type': 'application/json' }),
        },
        body: file
          ? await formOf(values, { image: file, ...(mask ? { mask } : {}) }, abortSignal)
          : JSON.stringify(values),
        ...(abortSignal ? { signal: abortSignal } : {}),
      }),
    );
    abortSignal?.throwIfAborted();
    if (response.ok) return response;
    const responseBody = await response.text();
    throw new APICallError({
      message: messageOf(responseBody) ?? `The server answers ${response.status}.`,
      url,
      requestBodyValues: values,
      statusCode: response.status,
      responseHeaders: Object.fromEntries(response.headers),
      responseBody,
    });
  }
}

async function formOf(
  values: object,
  files: Readonly<Record<string, ImageModelV3File>>,
  signal: AbortSignal | undefined,
): Promise<FormData> {
  const form = new FormData();
  for (const [name, value] of Object.entries(values)) form.append(name, `${value}`);
  for (const [name, file] of Object.entries(files)) form.append(name, await blobOf(file, signal), name);
  return form;
}

async function blobOf(file: ImageModelV3File, signal: AbortSignal | undefined): Promise<Blob> {
  if (file.type === 'url') {
    const response = await fetch(file.url, signal ? { signal } : {});
    if (!response.ok) throw new Error(`${file.url} answers ${response.status}.`);
    return response.blob();
  }
  const { data, mediaType } = file;
  const bytes = typeof data === 'string' ? Uint8Array.from(atob(data), (sign) => sign.charCodeAt(0)) : data;
  return new Blob([Uint8Array.from(bytes)], { type: mediaType });
}

function messageOf(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { error?: { message?: string } }).error?.message;
  } catch {
    return undefined;
  }
}
