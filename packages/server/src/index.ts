export type { AccessToken } from './access.js';
export { ApiError, type ApiErrorDetails } from './api-error.js';
export { createHandler, type Handler, type HandlerOptions } from './create-handler.js';
export type { LogEntry } from './exchange.js';
export type { ModelSource } from './model-pool.js';
