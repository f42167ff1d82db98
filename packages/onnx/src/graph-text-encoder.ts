import { TesseraError, type TextFeatures } from '@tessera/core';
import { assertShape, type CancellationSignal, type TextEncoder, throwIfAborted } from '@tessera/core/model';
import type { TextCondition } from '@tessera/format';
import type { TensorConstructor } from 'onnxruntime-common';
import { assertFinite } from './finite.js';
import { GraphRunner, type GraphSession } from './graph-runner.js';

/** A text encoder of a model folder: its graph and its tokenizer, both opened when the first prompt comes. */
export class GraphTextEncoder implements TextEncoder {
  readonly length: number;
  readonly width: number;
  readonly #padding: number;
  readonly #endToken: boolean;
  readonly #Tensor: TensorConstructor;
  readonly #createSession: () => Promise<GraphSession>;
  readonly #readTokenizer: () => Promise<string>;
  #opened: Promise<{ readonly runner: GraphRunner; encode(text: string): readonly number[] }> | undefined;

  /**
   * @param createSession of the graph: `ids` and `mask` [B, T] → `features` [B, T, Ct]
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
    this.#opened ??= this.#open();
    // What failed can be tried again.
    this.#opened.catch(() => (this.#opened = undefined));
    const { runner, encode } = await this.#opened;
    const encoded: TextFeatures[] = [];
    for (const prompt of prompts) {
      throwIfAborted(signal);
      const { ids, mask } = this.#rows(encode(prompt));
      const feeds = { ids: runner.int(ids, [1, this.length]), mask: runner.int(mask, [1, this.length]) };
      const { features } = await runner.run('textEncoder', feeds, ['features']);
      const values = assertFinite('textEncoder', features!.data as Float32Array);
      assertShape('features [T, Ct]', values, [this.length, this.width]);
      encoded.push({ features: values, mask: Uint8Array.from(mask) });
    }
    return encoded;
  }

  async dispose(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    await (await opened)?.runner.release();
  }

  async #open() {
    const [{ Tokenizer }, json] = await Promise.all([
      import('@huggingface/tokenizers'),
      this.#readTokenizer(),
    ]);
    let tokenizer: InstanceType<typeof Tokenizer>;
    try {
      tokenizer = new Tokenizer(JSON.parse(json) as object, {});
    } catch (cause) {
      throw new TesseraError(
        'tokenizer',
        "The model's tokenizer.json can't be read. Convert the model again.",
        {
          cause,
        },
      );
    }
    const runner = new GraphRunner({ textEncoder: await this.#createSession() }, this.#Tensor);
    return { runner, encode: (text: string) => tokenizer.encode(text).ids };
  }

  /** Fills up with padding, or cuts: where a token of its own ends a text, it stays. */
  #rows(tokens: readonly number[]): { readonly ids: Int32Array; readonly mask: Int32Array } {
    const { length } = this;
    const ending = this.#endToken && tokens.length > length ? tokens.slice(-1) : [];
    const kept = [...tokens.slice(0, length - ending.length), ...ending];
    const ids = new Int32Array(length).fill(this.#padding);
    ids.set(kept);
    return { ids, mask: new Int32Array(length).fill(1, 0, kept.length) };
  }
}
