import { parseArgs } from 'node:util';
import { sentence } from './golden-data-error.js';
import { costLine, resultLine } from './result-line.js';
import { runParity } from './run-parity.js';

const USAGE = `Replays a directory of golden data through the converted ONNX graphs.

  npm run parity -- DIR [--json]

DIR holds, at any depth, model directories (config.json, cases.json, weights.safetensors and the recorded files)
and directories of checkpoints (index.json).
Prints one line a case. Exits with 0 if all pass, 1 if one fails, 2 if DIR holds no golden data.`;

/** Where a command's lines go. */
export interface CommandOutput {
  out(line: string): void;
  error(line: string): void;
}

/**
 * The command line of the parity runner.
 *
 * @param given the arguments after the script's name
 * @returns the exit code
 */
export async function runCommand(given: readonly string[], { out, error }: CommandOutput): Promise<number> {
  let parsed: ReturnType<typeof parseOptions>;
  try {
    parsed = parseOptions(given);
  } catch (problem) {
    error(`parity: ${sentence(problem)}\n\n${USAGE}`);
    return 2;
  }
  const { values, positionals } = parsed;
  if (values.help) {
    out(USAGE);
    return 0;
  }
  const [directory] = positionals;
  if (directory === undefined || positionals.length > 1) {
    error(`parity: name one directory.\n\n${USAGE}`);
    return 2;
  }
  try {
    const summary = await runParity(directory, (result) => {
      if (!values.json) out(resultLine(result));
    });
    const { passed, failed, results } = summary;
    if (!values.json) out(costLine(results));
    out(values.json ? JSON.stringify(summary, spellInfinity) : `${passed} passed, ${failed} failed`);
    return failed > 0 ? 1 : 0;
  } catch (problem) {
    error(`parity: ${sentence(problem)}`);
    return 2;
  }
}

function parseOptions(given: readonly string[]) {
  return parseArgs({
    args: [...given],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
}

/** JSON has no infinity; a comparison that could not be made has an infinite error. */
function spellInfinity(_: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY ? 'Infinity' : value;
}
