import { keyedNoise, type NoiseSource } from '@tessera/core';
import { type ConditionRows, ConditionsReleasedError, replayNoise } from '@tessera/core/model';
import type { MarModel } from '../mar-model.js';
import { unpackCoefficients } from './packed-coefficients.js';
import type { Port } from './port.js';
import type { CallName, Calls, TokenNoise } from './protocol.js';
import { answerCalls, type Handlers } from './rpc.js';

/** What can be served: a {@link MarModel}, or anything with its calls. */
export interface ServedModel extends Pick<MarModel, Exclude<CallName, 'read' | 'release'>> {
  /** Runs a read of conditions, which is no call of the model, e.g. to notice a lost GPU. @default as it is */
  guard?<T>(read: () => Promise<T>): Promise<T>;
}

/** A model that is being served. */
export interface Serving {
  /** Stops the calls under way and releases all conditions that the other end holds. Nothing is answered any more. */
  end(): void;
}

/**
 * Answers a {@link RemoteModel} at the other end of `port` with `model`. Returns at once; serves until it is disposed of,
 * or ended here: an other end that is gone says nothing.
 */
export function serveModel(port: Port, model: ServedModel): Serving {
  const { handlers, releaseAll } = modelHandlers(model);
  const stop = answerCalls(port, handlers);
  return {
    end() {
      stop();
      releaseAll();
    },
  };
}

/** What answers the calls of a {@link RemoteModel}. */
export function modelHandlers(model: ServedModel): {
  readonly handlers: Handlers<Calls>;
  /** Releases all conditions that the other end holds, and those that are made from now on. */
  releaseAll(): void;
} {
  const held = new Map<number, ConditionRows>();
  let nextConditions = 0;
  let ended = false;
  const conditionsOf = (id: number): ConditionRows => {
    const conditions = held.get(id);
    if (!conditions) throw new ConditionsReleasedError();
    return conditions;
  };
  const releaseAll = (): void => {
    ended = true;
    for (const conditions of held.values()) conditions.release();
    held.clear();
  };

  const handlers: Handlers<Calls> = {
    async condition({ images }, { signal }) {
      const batch = images.map(({ reuse, ...image }) => {
        if (!reuse) return image;
        const { previous, ...rest } = reuse;
        return {
          ...image,
          reuse: { ...rest, ...(previous === undefined ? {} : { previous: conditionsOf(previous) }) },
        };
      });
      const all = await model.condition({ batch, signal });
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
    sampleTokens({ images, coefficients, ...request }, { signal }) {
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
    evaluateHead({ images, timestep }, { signal }) {
      const batch = images.map((image) => ({ ...image, conditions: conditionsOf(image.conditions) }));
      return model.evaluateHead({ batch, timestep, signal });
    },
    decode: ({ grids }, { signal }) => model.decode(grids, { signal }),
    encode: ({ images }, { signal }) => model.encode(images, { signal }),
    async release({ conditions }) {
      held.get(conditions)?.release();
      held.delete(conditions);
      return undefined;
    },
    unknownWords: ({ prompt }) => model.unknownWords(prompt),
    runStatistics: () => model.runStatistics(),
    async dispose() {
      releaseAll();
      await model.dispose();
      return undefined;
    },
  };
  return { handlers, releaseAll };
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
