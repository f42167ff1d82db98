#!/usr/bin/env node
import { abortOnInterrupt } from './interruption.js';
import { run } from './run.js';

const { stdout, stderr, env } = process;
// A reader that closes the pipe early (`| head`) is no failure.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});
process.exitCode = await run(process.argv.slice(2), {
  stdout,
  stderr,
  env,
  signal: abortOnInterrupt(process),
});
