import { keyedNoise, type NoiseSource, TesseraError } from '@tessera/core';
import {
  type CancellationSignal,
  type ConditionRows,
  ConditionsReleasedError,
  replayNoise,
} from '@tessera/core/model';
import type { MarModel } from '../mar-model.js';
import { unpackCoefficients } from './packed-coefficients.js';
import type { Port } from './port.js';
import {
  type CallName,
  type Calls,
  type ClientMessage,
  packError,
  type ServerMessage,
  type TokenNoise,
} from './protocol.js';

/** What can be served: a {@link MarModel}, or anything with its calls. */
export interface ServedModel extends Pick<MarModel, Exclude<CallName, 'read'>> {
  /** Runs a read of conditions, which is no call of the model, e.g. to notice a lost GPU. @default as it is */
  guard?<T>(read: () => Promise<T>): Promise<T>;
}

/** A model that is being served. */
export interface Serving {
  /** Stops the calls under way and releases all conditions that the other end holds. Nothing is answered any more. */
  end(): void;
}

type Handlers = {
  [name in CallName]: (
    given: Calls[name]['arguments'],
    signal: CancellationSignal,
  ) => Promise<Calls[name]['result']>;
};

/**
 * Answers a {@link RemoteModel} at the other end of `port` with `model`. Returns at once; serves until it is disposed of,
 * or ended here: an other end that is gone says nothing.
 */
export function serveModel(port: Port, model: ServedModel): Serving {
  const held = new Map<number, ConditionRows>();
  const running = new Map<number, Cancellation>();
  let nextConditions = 0;
  let ended = false;
  const releaseAll = (): void => {
    for (const conditions of held.values()) conditions.release();
    held.clear();
  };
  const conditionsOf = (id: number): ConditionRows => {
    const conditions = held.get(id);
    if (!conditions) throw new ConditionsReleasedError();
    return conditions;
  };

  const handlers: Handlers = {
    async condition({ images }, signal) {
      const all = await model.condition({ batch: images, signal });
      if (ended) {
        for (const conditions of all) conditions.release();
        return [];
      }
      return all.map((conditions) => {
        const id = nextConditions++;
        held.set(id, conditions);
        return { id, count: conditions.count, width: conditions.width, guided: conditions.guided };
      });
    },
    async read({ conditions }) {
      const source = conditionsOf(conditions);
      return model.guard ? model.guard(() => source.readAll()) : source.readAll();
    },
    sampleTokens({ images, coefficients, ...request }, signal) {
      return model.sampleTokens({
        ...request,
        coefficients: unpackCoefficients(coefficients),
        signal,
        batch: images.map((image) => ({
          ...image,
          conditions: conditionsOf(image.conditions),
          noise: rebuildNoise(image.noise, image.positions),
        })),
      });
    },
    evaluateHead({ images, timestep }, signal) {
      const batch = images.map((image) => ({ ...image, conditions: conditionsOf(image.conditions) }));
      return model.evaluateHead({ batch, timestep, signal });
    },
    decode: ({ grids }, signal) => model.decode(grids, { signal }),
    encode: ({ images }, signal) => model.encode(images, { signal }),
    runStatistics: () => model.runStatistics(),
    async dispose() {
      releaseAll();
      await model.dispose();
      return undefined;
    },
  };

  async function answer<Name extends CallName>(id: number, name: Name, given: unknown): Promise<void> {
    const cancellation = new Cancellation();
    running.set(id, cancellation);
    let message: ServerMessage;
    try {
      const value = await handlers[name](given as Calls[Name]['arguments'], cancellation);
      message = { type: 'result', id, value };
    } catch (error) {
      message = { type: 'error', id, error: packError(error) };
    }
    running.delete(id);
    if (!ended) port.send(message);
  }

  port.listen((received) => {
    if (ended) return;
    const message = received as ClientMessage;
    if (message.type === 'call') void answer(message.id, message.name, message.arguments);
    else if (message.type === 'cancel') running.get(message.id)?.abort();
    else {
      held.get(message.conditions)?.release();
      held.delete(message.conditions);
    }
  });

  return {
    end() {
      ended = true;
      for (const cancellation of running.values()) cancellation.abort();
      releaseAll();
    },
  };
}

/** Set by a `cancel` message; a model reads it between its runs, or listens, where it is served from elsewhere itself. */
class Cancellation implements CancellationSignal {
  aborted = false;
  readonly reason = new TesseraError('cancelled', 'The call was cancelled.');
  readonly #listeners = new Set<() => void>();
  abort(): void {
    this.aborted = true;
    for (const listener of this.#listeners) listener();
  }
  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }
  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }
}

function rebuildNoise(noise: TokenNoise, positions: Uint32Array): NoiseSource {
  if ('key' in noise) return keyedNoise(noise.key);
  const { recorded } = noise;
  const rowOf = new Map(Array.from(positions, (position, row) => [position, row]));
  const channels = (row: number, size: number): Float32Array =>
    recorded.subarray(row * size, (row + 1) * size);
  return replayNoise((position, step, out) =>
    channels(step * positions.length + rowOf.get(position)!, out.length),
  );
}
