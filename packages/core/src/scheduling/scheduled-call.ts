import { throwIfAborted } from '../cancellation.js';
import { TesseraError } from '../errors.js';
import { generate } from '../generate.js';
import type {
  GeneratedImage,
  GenerateEvent,
  GenerateOptions,
  GenerateResult,
  ImageRequest,
  ImageStep,
  PlannedStep,
  Progress,
} from '../generation.js';
import { copyGrid, emptyGrid, type GridShape, gridLength, maskedPositions, type TokenGrid } from '../grid.js';
import { shapeOf } from '../image-run.js';
import type { MaskedModel } from '../model.js';
import { samplingWork } from '../sampling-work.js';
import { CancellationSource } from './cancellation-source.js';

type StepStart = Extract<GenerateEvent, { type: 'step-start' }>;

/** One image of a call: a generation of its own, which stands at the start of a step between two turns. */
export interface ScheduledImage {
  readonly batchIndex: number;
  readonly run: AsyncGenerator<GenerateEvent, GenerateResult, undefined>;
  /** The step that comes next; undefined before the image is opened, and once it is finished. */
  next: StepStart | undefined;
  grid: TokenGrid;
  progress: Progress | undefined;
  result: GeneratedImage | undefined;
}

/** A generation whose steps are run when the scheduler says so. Its events wait here for whoever draws them. */
export class ScheduledCall<Input> {
  readonly priority: number;
  readonly images: readonly ScheduledImage[];
  /** Who has the least comes next. It stays where it is while an image's worth of work is done, and then follows the work. */
  tag: number;
  /** Whether a step of it has begun. */
  isBegun = false;
  readonly #model: MaskedModel<Input>;
  readonly #cancellation = new CancellationSource();
  readonly #tokens: readonly number[];
  readonly #release: () => void;
  #work = 0;
  #imagesWorked = 0;
  #events: GenerateEvent[][] = [];
  #wake: () => void = () => {};

  /**
   * @param model of the previews
   * @param shared what the images run on
   */
  constructor(
    model: MaskedModel<Input>,
    shared: MaskedModel<Input>,
    { requests, signal, noise, ...options }: Omit<GenerateOptions<Input>, 'model'>,
    { priority, tag }: { readonly priority: number; readonly tag: number },
  ) {
    const shape = shapeOf(model.shape, options.gridSize);
    this.#model = model;
    this.priority = priority;
    this.tag = tag;
    this.images = requests.map((request, batchIndex) => ({
      batchIndex,
      run: generate({
        ...options,
        ...(noise ? { noise: (image) => noise({ ...image, batchIndex }) } : {}),
        model: shared,
        requests: [request],
        signal: this.#cancellation,
      }),
      next: undefined,
      grid: request.start ? copyGrid(request.start) : emptyGrid(shape),
      progress: undefined,
      result: undefined,
    }));
    this.#tokens = requests.map(({ start }: ImageRequest<Input>) =>
      start ? maskedPositions(start.known).length : gridLength(shape),
    );
    const abort = (): void => this.fail(signal?.reason);
    signal?.addEventListener('abort', abort);
    this.#release = () => signal?.removeEventListener('abort', abort);
    if (signal?.aborted) abort();
  }

  /** Images that are left, those in the middle too. */
  get unfinished(): number {
    return this.images.filter(({ result }) => !result).length;
  }

  /** Images that are left, with parts of images. */
  get imagesLeft(): number {
    return this.images.length - this.imagesDone;
  }

  /** How many images are done, with parts of images. */
  get imagesDone(): number {
    return this.images.reduce((sum, { result, progress }) => sum + (result ? 1 : partDone(progress)), 0);
  }

  /** Whether a turn makes sense: there is something to do, and whoever draws the events isn't more than a turn behind. */
  get isReady(): boolean {
    return !this.#cancellation.aborted && this.#events.length <= 2 && this.unfinished > 0;
  }

  /** What has happened since the last time, or once something happens; undefined at the end. */
  async nextEvents(): Promise<readonly GenerateEvent[] | undefined> {
    for (;;) {
      throwIfAborted(this.#cancellation);
      const events = this.#events.shift();
      if (events) return events;
      if (this.unfinished === 0) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Ends the call: whoever waits for it gets the error at once. */
  fail(error: unknown): void {
    this.#cancellation.abort(error);
    this.#wake();
  }

  /** Frees what the call has of its caller's, and stops what still runs. */
  leave(): void {
    this.#release();
    this.fail(new TesseraError('aborted', 'The generation was left before its end.'));
    // Between two steps an image may hold what the next one takes from the last.
    for (const { run } of this.images) void run.return({ results: [] }).catch(() => undefined);
  }

  /** Says that the next steps of some images begin. */
  begin(images: readonly ScheduledImage[]): void {
    this.isBegun = true;
    this.#push(images.flatMap((image) => (image.next ? [this.#ofCall(image, image.next)] : [])));
  }

  /**
   * Says what came of a turn, and counts its work.
   *
   * @param milliseconds of each image's part, where these are what is counted. @default rows are
   */
  end(
    happened: readonly (readonly [image: ScheduledImage, events: readonly GenerateEvent[]])[],
    milliseconds?: number,
  ): void {
    const events: GenerateEvent[] = [];
    for (const [image, own] of happened) {
      this.#work += milliseconds ?? 0;
      for (const event of own) {
        if (event.type === 'step-end' && milliseconds === undefined)
          this.#work += rowsOf(event.batch, image.grid.shape);
        if (event.type === 'image')
          image.result = { image: event.image, grid: event.grid, steps: stepsAt(image, event.steps) };
        events.push(this.#ofCall(image, event));
      }
    }
    const images = Math.floor(this.imagesDone);
    if (images > this.#imagesWorked) {
      this.#imagesWorked = images;
      this.tag += this.#work;
      this.#work = 0;
    }
    this.#push(events);
  }

  #push(events: GenerateEvent[]): void {
    if (events.length > 0) this.#events.push(events);
    this.#wake();
  }

  /** An image's own event as one of the call's. */
  #ofCall(image: ScheduledImage, event: GenerateEvent): GenerateEvent {
    const { batchIndex } = image;
    const progress = this.#progress();
    if (event.type === 'image') return { ...event, batchIndex, progress, steps: stepsAt(image, event.steps) };
    if (event.type === 'step-start') return { ...event, progress, batch: stepsAt(image, event.batch) };
    const grids = this.images.map(({ grid }) => grid);
    return {
      ...event,
      progress,
      batch: stepsAt(image, event.batch),
      grids: () => grids.map(copyGrid),
      preview: async (index) => {
        const grid = grids[index];
        if (!grid) return event.preview(index);
        const [picture] = await this.#model.decode([grid], { signal: this.#cancellation });
        return picture!;
      },
    };
  }

  #progress(): Progress {
    const sum = (of: (image: ScheduledImage) => number): number =>
      this.images.reduce((all, image) => all + of(image), 0);
    const isKnown = this.images.every(({ progress }) => progress?.steps !== undefined);
    return {
      tokensDecoded: sum(({ progress }) => progress?.tokensDecoded ?? 0),
      tokens: this.#tokens.reduce((all, tokens) => all + tokens, 0),
      stepsDone: sum(({ progress }) => progress?.stepsDone ?? 0),
      ...(isKnown ? { steps: sum(({ progress }) => progress!.steps!) } : {}),
    };
  }
}

/**
 * Takes an image through its next step, to the start of the one after, or to its end.
 *
 * @returns the image's own events
 */
export async function advance(image: ScheduledImage): Promise<readonly GenerateEvent[]> {
  image.next = undefined;
  const events: GenerateEvent[] = [];
  for (;;) {
    const { done, value } = await image.run.next();
    if (done) return events;
    image.progress = value.progress;
    if (value.type === 'step-start') {
      image.next = value;
      return events;
    }
    image.grid = value.type === 'image' ? value.grid : value.grids()[0]!;
    events.push(value);
  }
}

function stepsAt<Step extends PlannedStep | ImageStep>(
  { batchIndex }: ScheduledImage,
  steps: readonly Step[],
): Step[] {
  return steps.map((step) => ({ ...step, batchIndex }));
}

/** 0 … 1, by steps where the policy knows how many there are, else by tokens. */
function partDone(progress: Progress | undefined): number {
  if (!progress) return 0;
  const { stepsDone, steps = 0, tokensDecoded, tokens } = progress;
  return steps > 0 ? stepsDone / steps : tokens > 0 ? tokensDecoded / tokens : 0;
}

/** Rows that go through the networks: the grid's in each pass of the transformer, and those of the head. */
function rowsOf(batch: readonly ImageStep[], shape: GridShape): number {
  const { passes, headEvaluations } = samplingWork(batch);
  return passes * gridLength(shape) + headEvaluations;
}
