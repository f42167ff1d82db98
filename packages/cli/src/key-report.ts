import type { CheckpointKeysError } from '@tessera/convert';
import { TesseraError } from '@tessera/core';
import { shellWord } from './shell-word.js';

/** Lines shown of each kind of difference. */
const ROOM = 12;

export function isKeysError(error: unknown): error is CheckpointKeysError {
  return TesseraError.isInstance(error) && error.code === 'checkpoint-keys';
}

/** The differences between a checkpoint and its configuration as a page at most; alike keys are one line. */
export function keyReport({ path, missing, unexpected, misshapen }: CheckpointKeysError): string {
  const shapes = misshapen.map(
    ({ key, expected, actual }) => `${key}: expected ${shape(expected)}, got ${shape(actual)}`,
  );
  return [
    `The tensors of ${path} don't fit the model's configuration.`,
    ...section('missing', missing),
    ...section('unexpected', unexpected),
    ...section('of another shape', shapes),
    advice(missing.length + misshapen.length === 0, unexpected),
    '--json lists all of them.',
  ].join('\n');
}

function advice(isFitting: boolean, unexpected: readonly string[]): string {
  if (!isFitting) {
    return 'Give tessera convert its sizes (--config, of an autoencoder --vae-config), or take another checkpoint.';
  }
  const beginnings = new Set(unexpected.map((key) => key.replace(/\..*/s, '.')));
  const flags = [...beginnings].map((beginning) => `--ignore ${shellWord(beginning)}`).join(' ');
  return `To pass over the unexpected ones, tessera convert takes ${flags} for the model, ${flags.replaceAll('--', '--vae-')} for the autoencoder.`;
}

function section(title: string, keys: readonly string[]): string[] {
  if (keys.length === 0) return [];
  const alike = new Map<string, string[]>();
  for (const key of keys) {
    const general = key.replace(/(?<=\.)\d+(?=\.)/g, '*');
    alike.set(general, [...(alike.get(general) ?? []), key]);
  }
  const lines = [...alike.values()].map(
    ([first, ...others]) => `    ${first}${others.length > 0 ? `  and ${others.length} alike` : ''}`,
  );
  const more = lines.length > ROOM ? [`    … and ${lines.length - ROOM} more such lines`] : [];
  return [`  ${keys.length} ${title}:`, ...lines.slice(0, ROOM), ...more];
}

function shape(extents: readonly number[]): string {
  return `[${extents.map((extent) => (Number.isNaN(extent) ? '?' : extent)).join(', ')}]`;
}
