import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { PortPolicy } from './variants.js';

/** The PyTorch port in a process of its own, which waits between requests. */
export interface TorchPort {
  readonly version: string;
  /** Which of PyTorch's routes to a matrix product was the quicker one. */
  readonly products: string;
  /** Times one batch, in milliseconds. */
  measure(request: {
    readonly policy: PortPolicy;
    readonly guidanceScale: number;
    readonly seed: number;
    readonly batch: number;
  }): Promise<{ readonly wall: number; readonly tokenSteps: number }>;
  close(): void;
}

interface Answer {
  readonly torch?: string;
  readonly products?: string;
  readonly seconds?: number;
  readonly headEvaluations?: number;
  readonly finite?: boolean;
}

/**
 * Starts the port.
 *
 * @param python an interpreter that has torch and numpy
 * @param checkpoint the folder of `config.json` and `mar.safetensors`
 */
export async function startTorchPort(
  python: string,
  checkpoint: string,
  threads: number,
): Promise<TorchPort> {
  const script = fileURLToPath(new URL('../../torch-port/serve.py', import.meta.url));
  const child = spawn(python, [script, checkpoint, String(threads)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, OMP_NUM_THREADS: String(threads), PYTHONDONTWRITEBYTECODE: '1' },
  });
  // Where it has ended, `close` says so.
  child.stdin.on('error', () => undefined);
  const answers = new Answers(child, python);
  const ready = await answers.next();
  return {
    version: ready.torch!,
    products: ready.products!,
    async measure(request) {
      child.stdin!.write(`${JSON.stringify(request)}\n`);
      const { seconds, headEvaluations, finite } = await answers.next();
      if (!finite)
        throw new Error('The PyTorch port made tokens that are not finite: its times mean nothing.');
      return { wall: seconds! * 1000, tokenSteps: headEvaluations! };
    },
    close() {
      child.stdin!.end();
    },
  };
}

/** The port's lines, one at a time; rejects with what it wrote to stderr if it ends. */
class Answers {
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<never>;

  constructor(child: ChildProcess, python: string) {
    const reader: Interface = createInterface({ input: child.stdout! });
    this.#lines = reader[Symbol.asyncIterator]();
    let said = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    this.#ended = new Promise((_, reject) => {
      child.on('error', (cause) => reject(unavailable(python, cause.message)));
      child.on('close', () => reject(unavailable(python, said.trim().split('\n').at(-1) ?? '')));
    });
    this.#ended.catch(() => undefined);
  }

  async next(): Promise<Answer> {
    const line = this.#lines.next().then(({ done, value }) => (done ? this.#ended : value));
    return JSON.parse(await Promise.race([line, this.#ended])) as Answer;
  }
}

function unavailable(python: string, reason: string): Error {
  return new Error(
    `The PyTorch port could not run with "${python}": ${reason}. ` +
      'Give --python an interpreter that has torch and numpy (Debian: apt install python3-torch), or leave --torch out.',
  );
}
