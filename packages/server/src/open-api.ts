import { toJsonSchema } from '@valibot/to-json-schema';
import { editSchema, generationSchema } from './image-request.js';

/** As much of an OpenAPI document as the page reads. */
export interface OpenApiDocument {
  readonly info: { readonly title: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

interface Operation {
  readonly summary: string;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: ObjectSchema }>> };
}

interface ObjectSchema {
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** What of a server's settings its description says. */
export interface OpenApiOptions {
  readonly basePath: string;
  readonly models: Readonly<Record<string, unknown>>;
  readonly maxPictures: number;
  readonly maxBodyBytes: number;
}

const pictures = {
  type: 'object',
  properties: {
    created: { type: 'integer' },
    data: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          b64_json: { type: 'string' },
          url: { type: 'string', description: 'A data: address.' },
          revised_prompt: { type: 'string', description: 'What was drawn, in the model’s words.' },
        },
      },
    },
    output_format: { type: 'string' },
    size: { type: 'string' },
    usage: { type: 'object' },
    seed: { type: 'integer' },
    recipe: { type: 'object', description: 'Makes the same pictures again.' },
  },
};

const failure = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: {
        message: { type: 'string' },
        type: { type: 'string' },
        param: { type: ['string', 'null'] },
        code: { type: 'string' },
      },
    },
  },
};

const json = (schema: object) => ({ 'application/json': { schema } });

/** The server's description as an OpenAPI 3.1 document. */
export function openApi({
  basePath,
  models,
  maxPictures,
  maxBodyBytes,
}: OpenApiOptions): OpenApiDocument & { readonly openapi: string } {
  const schemaOf = (schema: typeof generationSchema | typeof editSchema) => {
    const { $schema: _, ...rest } = toJsonSchema(schema, { typeMode: 'input' });
    return rest as ObjectSchema;
  };
  const edit = schemaOf(editSchema);
  const file = (description: string) => ({ type: 'string', format: 'binary', description });
  const answers = {
    200: {
      description: 'The pictures, or with stream their events.',
      content: { ...json(pictures), 'text/event-stream': { schema: { type: 'string' } } },
    },
    default: {
      description: 'An error. 429 and 503 say when to try again, by Retry-After.',
      content: json(failure),
    },
  };
  const limits = `At most ${maxPictures} pictures a request, and ${maxBodyBytes} bytes of body.`;
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Tessera',
      version: '1',
      description: `OpenAI’s images API, and the fields of ours. ${limits}`,
    },
    servers: [{ url: basePath || '/' }],
    components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    security: [{}, { token: [] }],
    paths: {
      '/v1/images/generations': {
        post: {
          summary: 'Draw pictures',
          requestBody: { required: true, content: json(schemaOf(generationSchema)) },
          responses: answers,
        },
      },
      '/v1/images/edits': {
        post: {
          summary: 'Repaint the part of a picture that is transparent in the mask',
          requestBody: {
            required: true,
            content: {
              'multipart/form-data': {
                schema: {
                  ...edit,
                  properties: {
                    ...edit.properties,
                    image: file('PNG, WebP or JPEG.'),
                    mask: file(
                      'Transparent where the picture is repainted. Default: where the picture itself is.',
                    ),
                  },
                  required: ['image'],
                },
              },
            },
          },
          responses: answers,
        },
      },
      '/v1/models': {
        get: {
          summary: `The models: ${Object.keys(models).join(', ')}`,
          responses: { 200: { description: 'A list.' } },
        },
      },
      '/metrics': {
        get: { summary: 'Figures for Prometheus', responses: { 200: { description: 'Text.' } } },
      },
      '/healthz': {
        get: { summary: 'Whether the server runs', responses: { 200: { description: 'It does.' } } },
      },
      '/readyz': {
        get: {
          summary: 'Whether it takes requests',
          responses: { 200: { description: 'It does.' }, 503: { description: 'Not yet, or no more.' } },
        },
      },
    },
  };
  return document;
}
