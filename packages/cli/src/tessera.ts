#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import { abortOnInterrupt } from './interruption.js';
import { run } from './run.js';

const { stdin, stdout, stderr, env } = process;
// A reader that closes the pipe early (`| head`) is no failure.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
// Nor is one that has no ear for errors: the exit code goes on to say what came of it.
stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});
process.exitCode = await run(process.argv.slice(2), {
  stdout,
  stderr,
  env,
  signal: abortOnInterrupt(process),
  ...(stdin.isTTY && stderr.isTTY ? { ask } : {}),
});

async function ask(question: string, signal: AbortSignal): Promise<string> {
  const terminal = createInterface({ input: stdin, output: stderr });
  // Ctrl-C is a key while a line is being typed.
  terminal.on('SIGINT', () => process.emit('SIGINT'));
  try {
    return await terminal.question(question, { signal });
  } finally {
    terminal.close();
  }
}
