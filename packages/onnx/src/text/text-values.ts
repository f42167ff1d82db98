import { InvalidOptionError, TesseraError } from '@tessera/core';
import {
  assertShape,
  type CancellationSignal,
  type ConditionImage,
  type TextEncoder,
  type TextFeatures,
  type TextInput,
  throwIfAborted,
} from '@tessera/core/model';
import type { Manifest, TextCondition } from '@tessera/format';
import { PromptStore, type Text } from './prompt-store.js';

export interface TextModelOptions {
  /** The most rows that the transformer takes at once, see `MarGraphs`. @default all */
  readonly rowsAtOnce?: number;
  /** Turns prompts into features. Without one, prompts have to be given as features. */
  readonly textEncoder?: TextEncoder | undefined;
}

/** What a model computes of a text alone, once for as long as the same one is asked for. */
export class TextValues<Value> {
  readonly #manifest: Manifest;
  readonly #textEncoder: TextEncoder | undefined;
  readonly #make: (features: Float32Array) => Promise<Value>;
  readonly #values = new PromptStore<Value>();

  /** @param make of features [T, Ct] */
  constructor(
    manifest: Manifest,
    textEncoder: TextEncoder | undefined,
    make: (features: Float32Array) => Promise<Value>,
  ) {
    this.#manifest = manifest;
    this.#textEncoder = textEncoder;
    this.#make = make;
  }

  /**
   * T of the texts of an image, which those of a batch have to share; NaN where it has none.
   *
   * @throws InvalidOptionError where they are no texts, or have different numbers of rows
   */
  rowsOf(image: ConditionImage<TextInput>): number {
    const lengths = new Set(textsOf([image]).flatMap((text) => (text === null ? [] : [this.#length(text)])));
    const [rows = Number.NaN, other] = lengths;
    if (other === undefined) return rows;
    throw new InvalidOptionError(
      'negativePrompt',
      `${other} rows`,
      `must have as many rows as the prompt, ${rows}`,
    );
  }

  /** One entry a text; undefined for the null text. */
  async of(
    texts: readonly (Text | null)[],
    signal: CancellationSignal | undefined,
  ): Promise<readonly (Value | undefined)[]> {
    const given = texts.filter((text) => text !== null);
    const unknown = given.filter((text) => typeof text === 'string' && !this.#values.has(text));
    const prompts = [...new Set(unknown as string[])];
    const encoded = new Map<string, TextFeatures>();
    if (prompts.length > 0) {
      const made = await this.#encoder().encode(prompts, signal ? { signal } : {});
      for (const [i, prompt] of prompts.entries()) encoded.set(prompt, made[i]!);
    }
    const values: (Value | undefined)[] = [];
    for (const text of texts) {
      if (text === null) {
        values.push(undefined);
        continue;
      }
      throwIfAborted(signal);
      const made = this.#values.get(text, () =>
        this.#make((typeof text === 'string' ? encoded.get(text)! : text).features),
      );
      values.push(await made);
    }
    this.#values.trim(new Set(given).size);
    return values;
  }

  /** The words of a prompt that the text encoder can only spell; none where it can't tell. */
  async unknownWords(prompt: string): Promise<readonly string[]> {
    return (await this.#textEncoder?.unknownWords?.(prompt)) ?? [];
  }

  /** Frees the text encoder. */
  async dispose(): Promise<void> {
    await this.#textEncoder?.dispose();
  }

  #encoder(): TextEncoder {
    if (this.#textEncoder) return this.#textEncoder;
    throw new TesseraError(
      'missing-component',
      `The model "${this.#manifest.name}" has no text encoder. Convert it with one (--text), or give features as the prompt.`,
    );
  }

  #length(text: Text): number {
    const { length, width } = this.#manifest.condition as TextCondition;
    if (typeof text === 'string') return this.#textEncoder?.length ?? length;
    const rows = text.features.length / width;
    assertShape('features [T, Ct]', text.features, [Math.max(1, Math.floor(rows)), width]);
    return rows;
  }
}

/** The text of each row: each image's own, then what the guided ones are led away from. Null is the null text. */
export function textsOf(images: readonly ConditionImage<TextInput>[]): readonly (Text | null)[] {
  const guided = images.filter((image) => image.guided);
  return [
    ...images.map(({ input }) => assertText('prompt', input, input?.prompt)),
    ...guided.map(({ input }) => assertText('negativePrompt', input, input.negativePrompt ?? null)),
  ];
}

function assertText(option: string, input: TextInput, text: Text | null | undefined): Text | null {
  if (text === null || typeof text === 'string') return text;
  if (text && (text.features as unknown) instanceof Float32Array) return text;
  const expectation = 'must be a text, null, or features as a Float32Array';
  throw input
    ? new InvalidOptionError(option, text, expectation)
    : new InvalidOptionError('input', input, `must be { prompt }, which ${expectation}`);
}
