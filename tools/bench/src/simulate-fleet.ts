import { uniformNumbers } from './random-checkpoint.js';

/** A fleet and its job, in seconds. */
export interface FleetModel {
  readonly machines: number;
  readonly pictures: number;
  readonly picturesPerShard: number;
  /** Of a picture, on a machine of speed 1. */
  readonly pictureSeconds: number;
  /** Standard deviation of the logarithm of a machine's speed. */
  readonly speedSpread: number;
  /** Part of the machines that are slow, and by how much. */
  readonly stragglers: { readonly part: number; readonly factor: number };
  /** Mean time to the loss of a machine; it dies without a word. */
  readonly meanLifeSeconds: number;
  /** Until another machine is there in its place. */
  readonly replacementSeconds: number;
  /** From a machine's start to its first shard. */
  readonly startSeconds: number;
  /** Until the queue gives the shard of a lost machine to another one. */
  readonly lostAfterSeconds: number;
}

export interface SimulatedFleet {
  /** Until the last shard is done. */
  readonly seconds: number;
  /** The same work by as many machines of speed 1 that are never lost and never wait, ÷ `seconds`. */
  readonly efficiency: number;
  readonly losses: number;
  /** Pictures that were drawn and lost with their machine, as a part of all. */
  readonly redrawn: number;
  /** From the moment that no shard waits to the end. */
  readonly tailSeconds: number;
  /** Of all machines, from the first start to the end. */
  readonly machineHours: number;
}

/**
 * Plays a fleet through, event by event: a free machine takes the next shard; a machine is lost after an exponential time, its
 * shard waits again after `lostAfterSeconds`, and another machine starts in its place. The same seed gives the same run.
 */
export function simulateFleet(model: FleetModel, seed = 1): SimulatedFleet {
  const uniform = uniformNumbers(seed);
  const exponential = (mean: number) => -mean * Math.log(1 - uniform());
  const speed = () => {
    const normal = Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    const slow = uniform() < model.stragglers.part ? model.stragglers.factor : 1;
    return Math.exp(model.speedSpread * normal) / slow;
  };
  const events = new EventQueue<() => unknown>();
  let waiting = Math.ceil(model.pictures / model.picturesPerShard);
  let left = waiting;
  let now = 0;
  let emptyAt = 0;
  let losses = 0;
  let lostPictures = 0;
  const size = model.picturesPerShard;
  /** Machines without a shard: each takes one, unless it is lost. */
  const idle: (() => boolean)[] = [];
  const wakeOne = (): void => {
    while (idle.length > 0 && !idle.shift()!());
  };
  const machine = (at: number): void => {
    const rate = speed() / model.pictureSeconds;
    let isLost = false;
    let begun: number | undefined;
    const take = (): boolean => {
      if (isLost) return false;
      begun = undefined;
      if (waiting === 0) {
        idle.push(take);
        return true;
      }
      waiting--;
      if (waiting === 0) emptyAt = now;
      begun = now;
      events.add(now + size / rate, () => {
        if (isLost) return;
        left--;
        take();
      });
      return true;
    };
    events.add(at + model.startSeconds, take);
    const dies = at + exponential(model.meanLifeSeconds);
    if (dies === Number.POSITIVE_INFINITY) return;
    events.add(dies, () => {
      isLost = true;
      losses++;
      machine(now + model.replacementSeconds);
      if (begun === undefined) return;
      lostPictures += (now - begun) * rate;
      events.add(now + model.lostAfterSeconds, () => {
        waiting++;
        wakeOne();
      });
    });
  };
  for (let i = 0; i < model.machines; i++) machine(0);
  while (left > 0) {
    const { at, item } = events.next();
    now = at;
    item();
  }
  return {
    seconds: now,
    efficiency: (model.pictures * model.pictureSeconds) / model.machines / now,
    losses,
    redrawn: lostPictures / model.pictures,
    tailSeconds: now - emptyAt,
    machineHours: (model.machines * now) / 3600,
  };
}

/** A binary heap by time. */
class EventQueue<Item> {
  readonly #heap: { readonly at: number; readonly item: Item }[] = [];

  add(at: number, item: Item): void {
    const heap = this.#heap;
    heap.push({ at, item });
    for (let i = heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (heap[parent]!.at <= heap[i]!.at) return;
      [heap[parent], heap[i]] = [heap[i]!, heap[parent]!];
      i = parent;
    }
  }

  next(): { readonly at: number; readonly item: Item } {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    heap[0] = last;
    for (let i = 0; ; ) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      let least = i;
      if (left < heap.length && heap[left]!.at < heap[least]!.at) least = left;
      if (right < heap.length && heap[right]!.at < heap[least]!.at) least = right;
      if (least === i) return first;
      [heap[least], heap[i]] = [heap[i]!, heap[least]!];
      i = least;
    }
  }
}
