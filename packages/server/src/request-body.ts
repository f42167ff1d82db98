import { ApiError, invalidField } from './api-error.js';

/** @throws ApiError 413 where the body is larger than `limit` bytes: not more than that is read */
export async function readBody(request: Request, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const tooLarge = (): ApiError =>
    new ApiError(`The body has more than ${limit} bytes.`, { status: 413, reason: 'request_too_large' });
  if (Number(request.headers.get('content-length')) > limit) throw tooLarge();
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > limit) throw tooLarge();
    chunks.push(chunk);
  }
  const body = new Uint8Array(length);
  let first = 0;
  for (const chunk of chunks) {
    body.set(chunk, first);
    first += chunk.length;
  }
  return body;
}

/** @throws ApiError 400 where the body is no JSON object */
export function parseJson(body: Uint8Array): object {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw new ApiError(
      `The body is not JSON: ${cause instanceof Error ? cause.message : cause}.`,
      { status: 400, reason: 'invalid_json' },
      { cause },
    );
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new ApiError('The body must be a JSON object.', { status: 400, reason: 'invalid_json' });
}

/** Fields of a form that JSON has as numbers or as true and false. */
const NUMBERS = ['n', 'seed', 'first', 'guidance', 'output_compression', 'partial_images'];

/** A form's fields by name, texts as JSON would have them, and its files. */
export interface Form {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly files: ReadonlyMap<string, File>;
}

/** @throws ApiError 400 where the body is no multipart form, or has a field twice */
export async function parseForm(body: Uint8Array<ArrayBuffer>, contentType: string): Promise<Form> {
  let form: FormData;
  try {
    form = await new Response(body, { headers: { 'content-type': contentType } }).formData();
  } catch (cause) {
    throw new ApiError('The body is no multipart form.', { status: 400, reason: 'invalid_form' }, { cause });
  }
  const fields: Record<string, unknown> = {};
  const files = new Map<string, File>();
  for (const [key, value] of form) {
    const name = key.replace(/\[\]$/, '');
    if (Object.hasOwn(fields, name) || files.has(name))
      throw invalidField(name, `${name} is there more than once, and one is taken.`);
    if (typeof value !== 'string') files.set(name, value);
    else if (NUMBERS.includes(name) && value.trim() !== '') fields[name] = Number(value);
    else if (name === 'stream') fields[name] = value === 'true' || (value !== 'false' && value);
    else fields[name] = value;
  }
  return { fields, files };
}
