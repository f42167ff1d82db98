import { assertInteger, assertShape, InvalidOptionError, typeNote } from '../errors.js';
import { normalFromWord, uniformFromWord } from './normal.js';
import { philox4x32 } from './philox.js';
import type { NoiseKey, NoiseSource } from './source.js';

/** What an image's noise is made from. */
export interface NoiseSeed {
  /** A non-negative safe integer. */
  readonly seed: number;
  /** Tells the images of one seed apart; a non-negative safe integer. @default 0 */
  readonly image?: number;
}

// The counter's last word says what a block is for, so that no two uses of one key ever see the same block.
const TOKEN = 1;
const STREAM = 2;
const IMAGE = 3;
const FORK_NUMBER = 4;
const FORK_TEXT = 5;
const FORK_CHARACTERS = 6;

const WORD = 2 ** 32;

/**
 * Noise by Philox4x32-10, keyed by the seed: the same bits on every machine, engine and thread, whatever else has been
 * drawn. A token's normals depend on (seed, image, position, diffusion step) alone.
 *
 * @param from a seed, or the `key` of another source, which is rebuilt with its stream at the start
 * @throws InvalidOptionError where a number is not a non-negative safe integer
 * @example
 * const noise = keyedNoise({ seed: 1, image: 37 });
 * noise.tokenNormal(5, 0, new Float32Array(16)); // what token 5 of image 37 begins from
 */
export function keyedNoise(from: NoiseSeed | NoiseKey): NoiseSource & { readonly key: NoiseKey } {
  if (isKey(from)) return sourceOf(checkedKey(from));
  const { seed, image = 0 } = from;
  assertSafe('seed', seed);
  assertSafe('image', image);
  return sourceOf(derive([seed >>> 0, Math.floor(seed / WORD)], image, Math.floor(image / WORD), IMAGE));
}

const isKey = (from: NoiseSeed | NoiseKey): from is NoiseKey => Array.isArray(from);

/** A copy, whose words were checked. */
function checkedKey(key: NoiseKey): NoiseKey {
  assertShape('key [2]', key, [2]);
  for (const word of key) assertInteger('key', word, 0, WORD - 1);
  return [key[0], key[1]];
}

function sourceOf(key: NoiseKey): NoiseSource & { readonly key: NoiseKey } {
  const counter = new Uint32Array(4);
  const tokenBlock = new Uint32Array(4);
  const streamBlock = new Uint32Array(4);
  let drawn = 0;

  function nextWord(): number {
    const lane = drawn % 4;
    if (lane === 0) {
      const block = drawn / 4;
      counter[0] = block;
      counter[1] = block / WORD;
      counter[2] = 0;
      counter[3] = STREAM;
      philox4x32(counter, key, streamBlock);
    }
    drawn++;
    return streamBlock[lane]!;
  }

  return {
    key,
    fork(...path) {
      if (path.length === 0) throw new InvalidOptionError('path', '()', 'must name the fork');
      return sourceOf(path.reduce(absorb, key));
    },
    uniform: () => uniformFromWord(nextWord()),
    normal(out) {
      for (let i = 0; i < out.length; i++) out[i] = normalFromWord(nextWord());
      return out;
    },
    tokenNormal(position, step, out) {
      assertInteger('position', position, 0, WORD - 1);
      assertInteger('step', step, 0, WORD - 1);
      for (let channel = 0; channel < out.length; channel++) {
        const lane = channel % 4;
        if (lane === 0) {
          counter[0] = channel / 4;
          counter[1] = step;
          counter[2] = position;
          counter[3] = TOKEN;
          philox4x32(counter, key, tokenBlock);
        }
        out[channel] = normalFromWord(tokenBlock[lane]!);
      }
      return out;
    },
  };
}

/**
 * The key of the child named `element`. Numbers go in by the bits of their double, strings by their length and then four
 * UTF-16 code units a block; so no two different paths go in alike.
 */
function absorb(key: NoiseKey, element: string | number): NoiseKey {
  if (typeof element === 'number') {
    if (Number.isNaN(element)) throw new InvalidOptionError('path', element, 'must not contain NaN');
    const bits = new DataView(new ArrayBuffer(8));
    bits.setFloat64(0, element + 0); // + 0 makes −0 the same name as 0
    return derive(key, bits.getUint32(4), bits.getUint32(0), FORK_NUMBER);
  }
  let derived = derive(key, element.length, 0, FORK_TEXT);
  // Past the end charCodeAt is NaN, which counts as 0 here; the length tells it from a real 0.
  const pair = (i: number) => element.charCodeAt(i) | (element.charCodeAt(i + 1) << 16);
  for (let i = 0; i < element.length; i += 4)
    derived = derive(derived, pair(i), pair(i + 2), FORK_CHARACTERS);
  return derived;
}

function derive(key: NoiseKey, c0: number, c1: number, domain: number): NoiseKey {
  const block = Uint32Array.of(c0, c1, 0, domain);
  philox4x32(block, key, block);
  return [block[0]!, block[1]!];
}

function assertSafe(option: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidOptionError(option, value, `must be an integer from 0 to 2^53 − 1${typeNote(value)}`);
  }
}
