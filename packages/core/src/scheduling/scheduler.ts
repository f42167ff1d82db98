import { type EditedImage, type EditOptions, type EditResult, editBy } from '../edit-image.js';
import { assertInteger, assertNumber, InvalidOptionError, TesseraError } from '../errors.js';
import { finalResults } from '../generate.js';
import type {
  GeneratedImage,
  GenerateEvent,
  GenerateOptions,
  GenerateResult,
  OnProgress,
} from '../generation.js';
import type { MaskedModel } from '../model.js';
import { samplingSettings } from '../sampling-settings.js';
import { JointModel } from './joint-model.js';
import { advance, ScheduledCall, type ScheduledImage } from './scheduled-call.js';
import { SharedRun } from './shared-run.js';

export interface SchedulerOptions {
  /**
   * Most images of one call that are drawn at once. More are seldom faster on a CPU, and the first is finished later.
   * @default 4
   */
  readonly batch?: number;
  /**
   * Most images of several calls that share a step. A call with more images left than the one whose turn it is doesn't join, as
   * the shorter one would wait for it. On an accelerator a batch costs little more than one image: 8 is a good number. On a CPU
   * each image costs its own time, but for what small models cost besides arithmetic. @default 1
   */
  readonly joined?: number;
  /** Most calls that may wait for their first step. @default Infinity */
  readonly maxWaiting?: number;
  /**
   * A clock in milliseconds that never falls: calls then share the model's time. By default they share its work, counted by rows
   * that go through the networks.
   */
  readonly now?: () => number;
}

/** How a call stands among others. */
export interface CallOptions {
  /** Calls of a higher priority go before all others, from the next step on. @default 0 */
  readonly priority?: number;
}

/** What a scheduler has to do. */
export interface SchedulerLoad {
  /** Calls that wait for their first step. */
  readonly waiting: number;
  /** Calls that have begun. */
  readonly running: number;
  /** Images left of all calls, with parts of images. */
  readonly imagesLeft: number;
}

/** As many calls wait as may. */
export class QueueFullError extends TesseraError {
  static override readonly code = 'queue-full';
  readonly waiting: number;

  constructor(waiting: number) {
    super(
      QueueFullError.code,
      `${waiting} calls wait for this model already, which is the most. Try again later, or allow more by maxWaiting.`,
    );
    this.waiting = waiting;
  }
}

type Scheduled<Options> = Omit<Options, 'model'> & CallOptions;
type Call<Input> = ScheduledCall<Input> | SharedRun<unknown, unknown>;

/**
 * Shares one model among many calls. Each gets the same share of the work: the call with the least work behind it comes next,
 * the earlier one among equals, and goes on until an image's worth of work is done (start-time fair queueing, Goyal et al. 1996,
 * with an image as the quantum). So single pictures are finished one after the other, and none waits for a batch.
 *
 * An image is the same alone and among others, within what the model's runtime promises of batches.
 *
 * ```ts
 * const scheduler = new Scheduler(model, { maxWaiting: 100 });
 * const [picture] = await scheduler.generateImages({ requests: [{ seed: 1, input: { classLabel: 3 } }] });
 * ```
 */
export class Scheduler<Input> {
  readonly model: MaskedModel<Input>;
  readonly #joint: JointModel<Input>;
  readonly #batch: number;
  readonly #joined: number;
  readonly #maxWaiting: number;
  readonly #now: (() => number) | undefined;
  /** In the order of their arrival. */
  readonly #calls = new Set<Call<Input>>();
  /** The tag of the call that ran last, where newcomers begin. */
  #tag = 0;
  #isRunning = false;

  /** @throws InvalidOptionError where an option is out of range */
  constructor(model: MaskedModel<Input>, options: SchedulerOptions = {}) {
    const { batch = 4, joined = 1, maxWaiting = Number.POSITIVE_INFINITY, now } = options;
    assertInteger('batch', batch, 1);
    assertInteger('joined', joined, 1);
    if (maxWaiting !== Number.POSITIVE_INFINITY) assertInteger('maxWaiting', maxWaiting, 0);
    this.model = model;
    this.#joint = new JointModel(model);
    this.#batch = batch;
    this.#joined = joined;
    this.#maxWaiting = maxWaiting;
    this.#now = now;
  }

  get load(): SchedulerLoad {
    const calls = [...this.#calls];
    const waiting = calls.filter(({ isBegun }) => !isBegun).length;
    const imagesLeft = calls.reduce((sum, call) => sum + call.imagesLeft, 0);
    return { waiting, running: calls.length - waiting, imagesLeft };
  }

  /**
   * `generate` of the scheduler's model, in its turn. Each image has steps and events of its own; the progress is that of all
   * of them, its steps added up. The call begins when the first event is asked for, and runs at most a step ahead of whoever
   * draws the events. Breaking out of the loop stops it.
   *
   * @throws QueueFullError where as many calls wait as may
   * @throws what `generate` throws; the signal's reason at once, in the middle of a step too
   */
  async *generate(
    options: Scheduled<GenerateOptions<Input>>,
  ): AsyncGenerator<GenerateEvent, GenerateResult, undefined> {
    const call = this.#enter(options);
    try {
      for (;;) {
        this.#run();
        const events = await call.nextEvents();
        if (!events) return { results: call.images.map(({ result }) => result!) };
        yield* events;
      }
    } finally {
      call.leave();
      this.#calls.delete(call);
    }
  }

  /** `generateImages` of the scheduler's model, in its turn. Throws what {@link Scheduler.generate} throws. */
  async generateImages(
    options: Scheduled<GenerateOptions<Input> & OnProgress>,
  ): Promise<readonly GeneratedImage[]> {
    return (await finalResults(this.generate(options), options)).results;
  }

  /** `edit` of the scheduler's model, in its turn. Throws what that and {@link Scheduler.generate} throw. */
  edit(options: Scheduled<EditOptions<Input>>): AsyncGenerator<GenerateEvent, EditResult, undefined> {
    const { priority = 0 } = options;
    return editBy((all) => this.generate({ ...all, priority }), { ...options, model: this.model });
  }

  /** `editImage` of the scheduler's model, in its turn. Throws what {@link Scheduler.edit} throws. */
  async editImage(options: Scheduled<EditOptions<Input> & OnProgress>): Promise<readonly EditedImage[]> {
    return (await finalResults(this.edit(options), options)).results;
  }

  /**
   * Gives turns to a run that draws on the model in its own way, such as one whose policy lives in another thread: turns of
   * others lie between two of its values. So runs go on side by side, all at the same time of their own. What is done with a value
   * belongs to the turn: whoever draws them has to go on, or leave the loop, which ends the run. The scheduler needs a clock, as it
   * doesn't know what the run does.
   *
   * ```ts
   * const scheduler = new Scheduler(model, { now: () => performance.now() });
   * for await (const event of scheduler.share(generate({ model, requests }))) console.log(event.type);
   * ```
   *
   * @throws InvalidOptionError where the scheduler has no clock
   * @throws QueueFullError where as many calls wait as may; what the run throws
   */
  async *share<Value, Result>(
    run: AsyncGenerator<Value, Result, undefined>,
    { priority = 0 }: CallOptions = {},
  ): AsyncGenerator<Value, Result, undefined> {
    if (!this.#now)
      throw new InvalidOptionError('now', undefined, 'must be given to the scheduler, for runs to share');
    const shared = new SharedRun(run, this.#place(priority));
    this.#calls.add(shared);
    try {
      for (;;) {
        const asked = shared.next();
        this.#run();
        const { done, value } = await asked;
        if (done) return value;
        yield value;
      }
    } finally {
      shared.leave();
      this.#calls.delete(shared);
    }
  }

  #enter({ priority = 0, ...options }: Scheduled<GenerateOptions<Input>>): ScheduledCall<Input> {
    samplingSettings({ ...options, model: this.model });
    const call = new ScheduledCall(this.model, this.#joint.model, options, this.#place(priority));
    this.#calls.add(call);
    return call;
  }

  /** Where a newcomer stands. @throws QueueFullError where there is no room for it */
  #place(priority: number): { readonly priority: number; readonly tag: number } {
    assertNumber('priority', priority, Number.NEGATIVE_INFINITY);
    const { waiting, running } = this.load;
    // Where nothing runs, the first of those that wait is about to.
    const behind = running === 0 ? waiting - 1 : waiting;
    if (behind >= this.#maxWaiting) throw new QueueFullError(waiting);
    return { priority, tag: this.#tag };
  }

  /** Runs steps, one after the other, as long as somebody waits for one. */
  #run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#runAll();
  }

  async #runAll(): Promise<void> {
    // Those who come at the same moment are there before the first is chosen.
    await Promise.resolve();
    for (;;) {
      // The sort is stable, so equals stay in the order of their arrival.
      const [first, ...others] = [...this.#calls]
        .filter(({ isReady }) => isReady)
        .sort((a, b) => b.priority - a.priority || a.tag - b.tag);
      if (!first) break;
      this.#tag = Math.max(this.#tag, first.tag);
      const began = this.#now?.() ?? 0;
      if (first instanceof SharedRun) {
        await first.advance();
        first.end((this.#now?.() ?? 0) - began);
      } else await this.#step(this.#turn(first, others), began);
    }
    this.#isRunning = false;
  }

  /** The images that take the next step together, by their calls. */
  #turn(
    first: ScheduledCall<Input>,
    others: readonly Call<Input>[],
  ): Map<ScheduledCall<Input>, readonly ScheduledImage[]> {
    const turn = new Map<ScheduledCall<Input>, readonly ScheduledImage[]>();
    const own = this.#open(first);
    const key = keyOf(own[0]!);
    turn.set(
      first,
      own.filter((image) => keyOf(image) === key),
    );
    let room = this.#joined - turn.get(first)!.length;
    for (const call of others) {
      if (call instanceof SharedRun || call.unfinished > first.unfinished) continue;
      const joining = this.#open(call)
        .filter((image) => keyOf(image) === key)
        .slice(0, Math.max(0, room));
      if (joining.length === 0) continue;
      turn.set(call, joining);
      room -= joining.length;
    }
    return turn;
  }

  /** The images of a call that are being drawn. */
  #open({ images }: ScheduledCall<Input>): readonly ScheduledImage[] {
    return images.filter(({ result }) => !result).slice(0, this.#batch);
  }

  async #step(
    turn: ReadonlyMap<ScheduledCall<Input>, readonly ScheduledImage[]>,
    began: number,
  ): Promise<void> {
    for (const [call, images] of turn) call.begin(images);
    const parts = [...turn].flatMap(([call, images]) => images.map((image) => ({ call, image })));
    const outcomes = await this.#joint.together(
      parts.map(
        ({ image }) =>
          () =>
            advance(image),
      ),
    );
    const each = this.#now ? (this.#now() - began) / parts.length : undefined;
    for (const call of turn.keys()) {
      const happened: (readonly [ScheduledImage, readonly GenerateEvent[]])[] = [];
      for (const [i, outcome] of outcomes.entries()) {
        const part = parts[i]!;
        if (part.call !== call) continue;
        if (outcome.status === 'rejected') call.fail(outcome.reason);
        else happened.push([part.image, outcome.value]);
      }
      call.end(happened, each);
    }
  }
}

/**
 * Equal for images whose next steps fit into one pass of the transformer: as many tokens visible, as many to decode. Those that
 * are not opened yet fit each other.
 */
function keyOf({ next, grid }: ScheduledImage): string {
  if (!next) return 'unopened';
  const known = grid.known.reduce((sum, value) => sum + value, 0);
  return `${known} ${next.batch[0]!.plan.positions.length}`;
}
