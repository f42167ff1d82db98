import type { CheckpointKeysError } from '@tessera/convert';
import { TesseraError } from '@tessera/core';

/** Lines shown of each kind of difference. */
const ROOM = 12;

export function isKeysError(error: unknown): error is CheckpointKeysError {
  return TesseraError.isInstance(error) && error.code === 'checkpoint-keys';
}

/** The differences between a checkpoint and its configuration as a page at most; alike blocks are one line. */
export function keyReport({ path, missing, unexpected, misshapen }: CheckpointKeysError): string {
  const shapes = misshapen.map(
    ({ key, expected, actual }) => `${key}: expected ${shape(expected)}, got ${shape(actual)}`,
  );
  return [
    `The tensors of ${path} don't fit the model's configuration.`,
    ...section('missing', missing),
    ...section('unexpected', unexpected),
    ...section('of another shape', shapes),
    'Correct the configuration, or take another checkpoint. --json lists them all; --ignore passes over keys.',
  ].join('\n');
}

function section(title: string, keys: readonly string[]): string[] {
  if (keys.length === 0) return [];
  const alike = new Map<string, number>();
  for (const key of keys) {
    const general = key.replace(/(?<=\.)\d+(?=\.)/g, '*');
    alike.set(general, (alike.get(general) ?? 0) + 1);
  }
  const lines = [...alike].map(([key, count]) => `    ${key}${count > 1 ? `  (${count})` : ''}`);
  const more = lines.length > ROOM ? [`    … and ${lines.length - ROOM} more such lines`] : [];
  return [`  ${keys.length} ${title}:`, ...lines.slice(0, ROOM), ...more];
}

function shape(extents: readonly number[]): string {
  return `[${extents.map((extent) => (Number.isNaN(extent) ? '?' : extent)).join(', ')}]`;
}
