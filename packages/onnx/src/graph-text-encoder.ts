import type { Tokenizer } from '@huggingface/tokenizers';
import { TesseraError } from '@tessera/core';
import {
  assertShape,
  type CancellationSignal,
  type TextEncoder,
  type TextFeatures,
  throwIfAborted,
} from '@tessera/core/model';
import type { TextCondition } from '@tessera/format';
import type { TensorConstructor } from 'onnxruntime-common';
import { assertFinite } from './finite.js';
import { GraphRunner, type GraphSession } from './graph-runner.js';
import { unknownWords } from './text/unknown-words.js';

/** A text encoder of a model folder: its graph and its tokenizer, each opened when a prompt first needs it. */
export class GraphTextEncoder implements TextEncoder {
  readonly length: number;
  readonly width: number;
  readonly #tokens: number;
  readonly #padding: number;
  readonly #endToken: boolean;
  readonly #Tensor: TensorConstructor;
  readonly #createSession: () => Promise<GraphSession>;
  readonly #readTokenizer: () => Promise<string>;
  #runner: Promise<GraphRunner> | undefined;
  #tokenizer: Promise<Tokenizer> | undefined;

  /**
   * @param createSession of the graph: `ids` and `mask` [B, tokens] → `features` [B, T, Ct]
   * @param readTokenizer the text of its `tokenizer.json`
   */
  constructor(
    { length, width, encoder }: TextCondition,
    Tensor: TensorConstructor,
    createSession: () => Promise<GraphSession>,
    readTokenizer: () => Promise<string>,
  ) {
    this.length = length;
    this.width = width;
    this.#tokens = encoder?.tokens ?? length;
    this.#padding = encoder?.padding ?? 0;
    this.#endToken = encoder?.endToken ?? true;
    this.#Tensor = Tensor;
    this.#createSession = createSession;
    this.#readTokenizer = readTokenizer;
  }

  /** @throws NonFiniteError if some of a prompt's features are no numbers */
  async encode(
    prompts: readonly string[],
    { signal }: { readonly signal?: CancellationSignal } = {},
  ): Promise<readonly TextFeatures[]> {
    const tokenizer = await this.#openTokenizer();
    const runner = await this.#openRunner();
    const encoded: TextFeatures[] = [];
    for (const prompt of prompts) {
      throwIfAborted(signal);
      const { ids, mask } = this.#rows(tokenizer.encode(prompt).ids);
      const shape = [1, this.#tokens];
      const feeds = { ids: runner.int(ids, shape), mask: runner.int(mask, shape) };
      const { features } = await runner.run('textEncoder', feeds, ['features']);
      const values = assertFinite('textEncoder', features!.data as Float32Array);
      assertShape('features [T, Ct]', values, [this.length, this.width]);
      // Rows that no token has are those of a memory.
      const shown = new Uint8Array(this.length).fill(1);
      shown.set(mask);
      encoded.push({ features: values, mask: shown });
    }
    return encoded;
  }

  async unknownWords(prompt: string): Promise<readonly string[]> {
    return unknownWords(prompt, await this.#openTokenizer());
  }

  async dispose(): Promise<void> {
    const runner = this.#runner;
    this.#runner = undefined;
    await (await runner)?.release();
  }

  #openRunner(): Promise<GraphRunner> {
    this.#runner ??= this.#createSession().then(
      (session) => new GraphRunner({ textEncoder: session }, this.#Tensor),
    );
    // What failed can be tried again.
    this.#runner.catch(() => (this.#runner = undefined));
    return this.#runner;
  }

  #openTokenizer(): Promise<Tokenizer> {
    this.#tokenizer ??= readTokenizer(this.#readTokenizer);
    this.#tokenizer.catch(() => (this.#tokenizer = undefined));
    return this.#tokenizer;
  }

  /** Fills up with padding, or cuts: where a token of its own ends a text, it stays. */
  #rows(tokens: readonly number[]): { readonly ids: Int32Array; readonly mask: Int32Array } {
    const length = this.#tokens;
    const ending = this.#endToken && tokens.length > length ? tokens.slice(-1) : [];
    const kept = [...tokens.slice(0, length - ending.length), ...ending];
    const ids = new Int32Array(length).fill(this.#padding);
    ids.set(kept);
    return { ids, mask: new Int32Array(length).fill(1, 0, kept.length) };
  }
}

async function readTokenizer(read: () => Promise<string>): Promise<Tokenizer> {
  const [{ Tokenizer }, json] = await Promise.all([import('@huggingface/tokenizers'), read()]);
  try {
    return new Tokenizer(JSON.parse(json) as object, {});
  } catch (cause) {
    const message = "The model's tokenizer.json can't be read. Convert the model again.";
    throw new TesseraError('tokenizer', message, { cause });
  }
}
