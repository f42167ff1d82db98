import { NoSuchModelError, type ProviderV3 } from '@ai-sdk/provider';
import { type Connection, TesseraImageModel } from './tessera-image-model.js';

export interface TesseraProviderOptions {
  /** The address of a server. @default 'http://127.0.0.1:8080/v1' */
  readonly baseURL?: string;
  /** A token that the server knows. @default none */
  readonly apiKey?: string;
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What answers in this process instead of a server: a handler of `createHandler` of @tessera/server. */
  readonly handler?: (request: Request) => Promise<Response>;
  /** Pictures that are asked for at once, at most what the server takes. @default 10 */
  readonly picturesPerRequest?: number;
}

/** A provider of image models alone. */
export interface TesseraProvider extends ProviderV3 {
  /** @param modelId as the server lists it; '' for its default */
  image(modelId?: string): TesseraImageModel;
  imageModel(modelId: string): TesseraImageModel;
}

/**
 * Image models of the AI SDK, over HTTP or in this process.
 *
 * ```ts
 * import { generateImage } from 'ai';
 *
 * const tessera = createTessera({ baseURL: 'http://127.0.0.1:8080/v1' });
 * const { images } = await generateImage({ model: tessera.image(), prompt: 'cat', n: 4, seed: 1 });
 * ```
 */
export function createTessera(options: TesseraProviderOptions = {}): TesseraProvider {
  const {
    baseURL = 'http://127.0.0.1:8080/v1',
    apiKey,
    headers = {},
    handler,
    picturesPerRequest = 10,
  } = options;
  const connection: Connection = {
    baseURL: baseURL.replace(/\/$/, ''),
    headers: { ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }), ...headers },
    send: handler ?? ((request) => fetch(request)),
    picturesPerRequest,
  };
  const none =
    (modelType: 'languageModel' | 'embeddingModel') =>
    (modelId: string): never => {
      throw new NoSuchModelError({ modelId, modelType });
    };
  return {
    specificationVersion: 'v3',
    image: (modelId = '') => new TesseraImageModel(modelId, connection),
    imageModel: (modelId) => new TesseraImageModel(modelId, connection),
    languageModel: none('languageModel'),
    embeddingModel: none('embeddingModel'),
  };
}
