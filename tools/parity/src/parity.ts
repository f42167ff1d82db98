#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { sentence } from './golden-data-error.js';
import { resultLine } from './result-line.js';
import { runParity } from './run-parity.js';

const USAGE = `Replays a directory of golden data through the converted ONNX graphs.

  npm run parity -- DIR [--json]

DIR holds, at any depth, model directories (config.json, cases.json, weights.safetensors and the recorded files).
Prints one line a case. Exits with 0 if all pass, 1 if one fails, 2 if DIR holds no golden data.`;

/** @returns the exit code */
async function main(): Promise<number> {
  let given: ReturnType<typeof parseOptions>;
  try {
    given = parseOptions();
  } catch (error) {
    console.error(`parity: ${sentence(error)}\n\n${USAGE}`);
    return 2;
  }
  const { values, positionals } = given;
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const [directory] = positionals;
  if (directory === undefined || positionals.length > 1) {
    console.error(`parity: name one directory.\n\n${USAGE}`);
    return 2;
  }
  try {
    const summary = await runParity(directory, (result) => {
      if (!values.json) console.log(resultLine(result));
    });
    console.log(
      values.json
        ? JSON.stringify(summary, spellInfinity)
        : `${summary.passed} passed, ${summary.failed} failed`,
    );
    return summary.failed > 0 ? 1 : 0;
  } catch (error) {
    console.error(`parity: ${sentence(error)}`);
    return 2;
  }
}

/** JSON has no infinity; a comparison that could not be made has an infinite error. */
function spellInfinity(_: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? 'Infinity' : value;
}

function parseOptions() {
  return parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
}

process.exitCode = await main();
