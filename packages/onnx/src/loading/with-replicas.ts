import type { ModelInput } from '@tessera/core';
import {
  type ConditionRequest,
  type ConditionRows,
  type DeviceTensor,
  groupBy,
  proxyModel,
} from '@tessera/core/model';
import { type RunStatistics, statisticsBeside } from '../run-statistics.js';
import type { LoadedModel } from './load-in-worker.js';

/** The copies that {@link withReplicas} shares a batch out among. */
export interface ReplicaOptions<Device extends string> {
  /** How many, 2 at least. */
  readonly count: number;
  /** Milliseconds after the first batch of several pictures from which on one more loads the copies. @default 1000 */
  readonly loadAfter?: number;
  /** Loads one more copy. */
  load(signal: AbortSignal): Promise<LoadedModel<Device>>;
}

/**
 * A model that shares batches out among copies of it, which draw side by side: each gets some of the pictures. Threads that share
 * small operators wait for each other for longer than they compute; threads that draw pictures of their own don't.
 *
 * The copies are loaded once drawing several pictures at once has gone on for as long as loading takes, about: a short run would lose by
 * it. Until they are loaded `model` draws all pictures itself, and so it does if they can't be loaded. A picture that comes alone is
 * always drawn by `model`. Pictures are the same in all cases.
 *
 * @example
 * const load = () => loadModel('./model', { replicas: 1 });
 * const shared = withReplicas(await load(), { count: 2, load });
 */
export function withReplicas<Device extends string>(
  model: LoadedModel<Device>,
  options: ReplicaOptions<Device>,
): LoadedModel<Device> {
  const replicas = new Replicas(model, options);
  const ofMaker = <Image extends { readonly conditions: ConditionRows }, Result>(
    batch: readonly Image[],
    run: (maker: LoadedModel<Device>, group: readonly Image[]) => Promise<readonly Result[]>,
  ): Promise<readonly Result[]> => sideBySide(batch, ({ conditions }) => replicas.makerOf(conditions), run);
  const shared = <Item, Result>(
    items: readonly Item[],
    run: (replica: LoadedModel<Device>, group: readonly Item[]) => Promise<readonly Result[]>,
  ): Promise<readonly Result[]> =>
    items.length > 1
      ? sideBySide(items, (_, index) => replicas.shareOf(index, items.length), run)
      : run(model, items);
  return proxyModel<LoadedModel<Device>, Partial<LoadedModel<Device>>>(model, {
    condition: (request) => replicas.condition(request),
    sampleTokens: ({ batch, ...request }) =>
      ofMaker(batch, (maker, group) => maker.sampleTokens({ ...request, batch: group })),
    evaluateHead: ({ batch, ...request }) =>
      ofMaker(batch, (maker, group) => maker.evaluateHead({ ...request, batch: group })),
    decode: (grids, given) => shared(grids, (replica, group) => replica.decode(group, given)),
    encode: (images, given) => shared(images, (replica, group) => replica.encode(group, given)),
    runStatistics: () => replicas.runStatistics(),
    dispose: () => replicas.dispose(),
  });
}

/** About what loading a few copies of a narrow model takes, in milliseconds. */
const LOAD_AFTER = 1000;

class Replicas<Device extends string> {
  readonly #model: LoadedModel<Device>;
  readonly #options: ReplicaOptions<Device>;
  readonly #stop = new AbortController();
  readonly #makers = new WeakMap<DeviceTensor, LoadedModel<Device>>();
  /** None until all are loaded. */
  #copies: readonly LoadedModel<Device>[] = [];
  #loading: Promise<void> | undefined;
  /** When several pictures came at once for the first time. */
  #since: number | undefined;
  #disposal: Promise<void> | undefined;

  constructor(model: LoadedModel<Device>, options: ReplicaOptions<Device>) {
    this.#model = model;
    this.#options = options;
  }

  /** Who draws one of `count` pictures. */
  shareOf(index: number, count: number): LoadedModel<Device> {
    if (count < 2 || this.#stop.signal.aborted) return this.#model;
    this.#since ??= performance.now();
    if (performance.now() - this.#since >= (this.#options.loadAfter ?? LOAD_AFTER))
      this.#loading ??= this.#load();
    const sharing = Math.min(count, this.#copies.length);
    return this.#copies[Math.floor((index * sharing) / count)] ?? this.#model;
  }

  /** Who made some conditions, which no other copy has. */
  makerOf({ tensor }: ConditionRows): LoadedModel<Device> {
    return this.#makers.get(tensor) ?? this.#model;
  }

  condition({ batch, signal }: ConditionRequest<ModelInput>): Promise<readonly ConditionRows[]> {
    return sideBySide(
      batch,
      ({ reuse }, index) =>
        reuse?.previous ? this.makerOf(reuse.previous) : this.shareOf(index, batch.length),
      async (maker, group) => {
        const made = await maker.condition({ batch: group, ...(signal ? { signal } : {}) });
        for (const { tensor } of made) this.#makers.set(tensor, maker);
        return made;
      },
      (unwanted) => unwanted.release(),
    );
  }

  async runStatistics(): Promise<RunStatistics> {
    const [own, ...copies] = await Promise.all(
      [this.#model, ...this.#copies].map((each) => each.runStatistics()),
    );
    return statisticsBeside(own!, copies);
  }

  dispose(): Promise<void> {
    this.#disposal ??= this.#dispose();
    return this.#disposal;
  }

  async #dispose(): Promise<void> {
    this.#stop.abort();
    await Promise.all([
      this.#model.dispose(),
      this.#loading?.then(() => Promise.all(this.#copies.map((copy) => copy.dispose()))),
    ]);
  }

  /** Copies are for speed alone: where not all can be loaded, e.g. for want of memory, there are none. */
  async #load(): Promise<void> {
    const { count, load } = this.#options;
    const loads = await Promise.allSettled(Array.from({ length: count }, () => load(this.#stop.signal)));
    const loaded = loads.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    if (loaded.length === count) this.#copies = loaded;
    else await Promise.all(loaded.map((copy) => copy.dispose()));
  }
}

/**
 * Runs a batch in groups of equal models, all at the same time, and returns the results in the order of the items. Where a group
 * fails, rejects once all have ended.
 *
 * @param discard what becomes of results that another group's failure makes useless. @default nothing
 */
async function sideBySide<Model, Item, Result>(
  items: readonly Item[],
  modelOf: (item: Item, index: number) => Model,
  run: (model: Model, group: readonly Item[]) => Promise<readonly Result[]>,
  discard: (unwanted: Result) => void = () => undefined,
): Promise<readonly Result[]> {
  const begun: Promise<readonly Result[]>[] = [];
  const places = await groupBy(
    [...items.entries()],
    ([index, item]) => modelOf(item, index),
    async (group, model) => {
      const results = run(
        model,
        group.map(([, item]) => item),
      );
      // Not awaited here, so that the next group begins.
      begun.push(results);
      return group.map((_, k) => ({ results, k }));
    },
  );
  const ended = await Promise.allSettled(begun);
  const failure = ended.find((end) => end.status === 'rejected');
  if (failure) {
    for (const end of ended) if (end.status === 'fulfilled') end.value.forEach(discard);
    throw failure.reason;
  }
  return Promise.all(places.map(async ({ results, k }) => (await results)[k]!));
}
