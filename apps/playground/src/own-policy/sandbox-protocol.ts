import type { PolicyFinding } from '@tessera/core/testing';
import type { Manifest } from '@tessera/format';
import type { PictureEditOptions } from '../run/record-run.js';
import type { FinishedRun, StepRecord } from '../run/step-record.js';
import type { Settings } from '../settings/settings.js';

/** What a drawing in the sandbox is told; the model itself is reached through a port. */
export interface DrawOrders {
  readonly settings: Omit<Settings, 'policy'>;
  readonly manifest: Manifest;
  readonly edit?: PictureEditOptions;
}

/** What can be asked of the sandbox: arguments and result of each call. */
export interface SandboxCalls {
  /** Runs a translated module and takes its policy. */
  load: { arguments: { readonly code: string }; result: { readonly name: string } };
  check: { arguments: Record<string, never>; result: readonly PolicyFinding[] };
  /** Begins a drawing; the model's port comes with the message. */
  begin: { arguments: DrawOrders; result: undefined };
  next: { arguments: Record<string, never>; result: SandboxStep };
}

export type SandboxStep =
  | { readonly done: false; readonly value: StepRecord }
  | { readonly done: true; readonly value: FinishedRun };

export type SandboxCallName = keyof SandboxCalls;

export type ToSandbox =
  | {
      readonly type: 'call';
      readonly id: number;
      readonly name: SandboxCallName;
      readonly arguments: unknown;
    }
  | { readonly type: 'ping' };

export interface SandboxError {
  readonly type: 'error';
  readonly id: number;
  readonly message: string;
  /** The line of the user's code that it came from, from 1. */
  readonly line?: number;
  /** What a TesseraError has as its code. */
  readonly code?: string;
}

export type FromSandbox =
  | { readonly type: 'ready' }
  | { readonly type: 'pong' }
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | SandboxError;
