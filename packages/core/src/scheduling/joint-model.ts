import type { CancellationSignal } from '../cancellation.js';
import { assertShape } from '../errors.js';
import { groupBy } from '../group-by.js';
import type { MaskedModel } from '../model.js';
import { proxyModel } from '../proxy-model.js';
import { CancellationSource } from './cancellation-source.js';

/** A call of the model by one image that waits for those of the others. */
interface JointCall {
  /** Calls of equal keys are answered by one run. */
  readonly key: string;
  readonly batch: readonly unknown[];
  readonly signal: CancellationSignal | undefined;
  run(batch: readonly unknown[], signal: CancellationSignal | undefined): Promise<readonly unknown[]>;
  resolve(results: readonly unknown[]): void;
  reject(error: unknown): void;
}

/**
 * Lets images that are drawn by generations of their own share the runs of one model. While {@link JointModel.together} runs
 * several tasks, a call waits until each task that isn't over has made one. Those that ask for the same, but for their
 * images, become one call: what a request has besides its batch is plain data.
 */
export class JointModel<Input> {
  /** What the tasks are to use as their model. */
  readonly model: MaskedModel<Input>;
  #running = 0;
  #waiting: JointCall[] = [];

  constructor(model: MaskedModel<Input>) {
    const { evaluateHead } = model;
    this.model = proxyModel<MaskedModel<Input>, Partial<MaskedModel<Input>>>(model, {
      condition: (request) => this.#joint('condition', request, (all) => model.condition(all)),
      sampleTokens: (request) => this.#joint('sampleTokens', request, (all) => model.sampleTokens(all)),
      decode: (batch, options) =>
        this.#joint('decode', { batch, ...options }, ({ batch: all, ...rest }) => model.decode(all, rest)),
      ...(evaluateHead
        ? {
            evaluateHead: (request) =>
              this.#joint('evaluateHead', request, (all) => evaluateHead.call(model, all)),
          }
        : {}),
    });
  }

  /** Runs tasks at the same time, and waits for all of them, those that fail as well. */
  together<T>(tasks: readonly (() => Promise<T>)[]): Promise<PromiseSettledResult<T>[]> {
    this.#running += tasks.length;
    return Promise.allSettled(
      tasks.map(async (task) => {
        try {
          return await task();
        } finally {
          this.#running--;
          this.#answer();
        }
      }),
    );
  }

  #joint<
    Image,
    Result,
    Request extends { readonly batch: readonly Image[]; readonly signal?: CancellationSignal },
  >(
    method: string,
    request: Request,
    run: (request: Request) => Promise<readonly Result[]>,
  ): Promise<readonly Result[]> {
    const { batch, signal, ...rest } = request;
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        key: `${method} ${JSON.stringify(rest)}`,
        batch,
        signal,
        run: (all, common) => run({ ...request, batch: all, ...(common ? { signal: common } : {}) }),
        resolve: (results) => resolve(results as readonly Result[]),
        reject,
      });
      this.#answer();
    });
  }

  /** Answers all calls once nobody is on the way to another one. */
  #answer(): void {
    if (this.#waiting.length === 0 || this.#waiting.length < this.#running) return;
    const calls = this.#waiting.splice(0);
    void groupBy(
      calls,
      ({ key }) => key,
      async (group) => {
        await answerGroup(group);
        return [];
      },
    );
  }
}

/** Never rejects. Where a joint run fails, each call is answered alone: another's bad input is not its failure. */
async function answerGroup(group: readonly JointCall[]): Promise<void> {
  if (group.length > 1) {
    const common = abortedWithAll(group.map(({ signal }) => signal));
    try {
      const batch = group.flatMap((call) => call.batch);
      const results = await group[0]!.run(batch, common.signal);
      assertShape('results, one an image', results, [batch.length]);
      let first = 0;
      for (const call of group) {
        call.resolve(results.slice(first, first + call.batch.length));
        first += call.batch.length;
      }
      return;
    } catch {
      // Whose fault it was shows below.
    } finally {
      common.release();
    }
  }
  for (const call of group) await call.run(call.batch, call.signal).then(call.resolve, call.reject);
}

/** A signal that is aborted once all are: a run goes on while anybody waits for it. */
function abortedWithAll(signals: readonly (CancellationSignal | undefined)[]): {
  readonly signal: CancellationSignal;
  release(): void;
} {
  const source = new CancellationSource();
  const look = (): void => {
    if (signals.every((signal) => signal?.aborted)) source.abort(signals[0]?.reason);
  };
  for (const signal of signals) signal?.addEventListener('abort', look);
  look();
  return {
    signal: source,
    release() {
      for (const signal of signals) signal?.removeEventListener('abort', look);
    },
  };
}
