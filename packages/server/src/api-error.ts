import { InvalidOptionError, TesseraError } from '@tessera/core';
import { InvalidPlanError } from '@tessera/core/model';
import { RecipeError, SamplerSpecError } from '@tessera/format';

/** What an answer says of a failure, in the form of OpenAI's API. */
export interface ApiErrorDetails {
  readonly status: number;
  /** @default `invalid_request_error`, of status 500 and more `server_error` */
  readonly type?: string;
  /** The field of the request that is wrong. */
  readonly param?: string;
  /** For programs, e.g. `model_not_found`. */
  readonly reason: string;
  /** Seconds after which to try again. */
  readonly retryAfter?: number;
}

/** A request can't be answered; it becomes an answer of its status. */
export class ApiError extends TesseraError {
  static override readonly code = 'api';
  readonly details: ApiErrorDetails;

  constructor(message: string, details: ApiErrorDetails, options?: { cause?: unknown }) {
    super(ApiError.code, message, options);
    this.details = details;
  }

  /** `{ error: { message, type, param, code } }`. */
  get body(): { readonly error: object } {
    const { status, param = null, reason } = this.details;
    const { type = status < 500 ? 'invalid_request_error' : 'server_error' } = this.details;
    return { error: { message: this.message, type, param, code: reason } };
  }
}

/** A field of the request is wrong. */
export function invalidField(param: string, message: string, reason = 'invalid_value'): ApiError {
  return new ApiError(message, { status: 400, param, reason });
}

/** Any error as an answer. What isn't the request's fault says nothing of the server's inside. */
export function apiErrorOf(error: unknown): ApiError {
  if (ApiError.isInstance(error)) return error;
  if (SamplerSpecError.isInstance(error) || InvalidPlanError.isInstance(error))
    return invalidField('policy', error.message);
  if (TesseraError.isInstance(error) && error.code === 'reuse-unsupported')
    return invalidField('policy', error.message);
  if (RecipeError.isInstance(error)) return invalidField('recipe', error.message);
  if (InvalidOptionError.isInstance(error)) return invalidField(error.option, error.message);
  if (TesseraError.isInstance(error) && ['shape-mismatch', 'missing-component'].includes(error.code))
    return new ApiError(error.message, { status: 400, reason: error.code.replace('-', '_') });
  return new ApiError(
    'The server failed. Try again, and tell its keeper the x-request-id of this answer.',
    {
      status: 500,
      reason: 'server_error',
    },
    { cause: error },
  );
}
