import { InvalidOptionError } from '@tessera/core';
import {
  type CancellationSignal,
  type ConditionImage,
  gridLength,
  type TextInput,
  throwIfAborted,
} from '@tessera/core/model';
import type { Manifest, TextCondition } from '@tessera/format';
import { positionOrder } from './condition-batch.js';
import { assertFinite } from './finite.js';
import type { GraphRunner } from './graph-runner.js';
import { ModelGraphs } from './model-graphs.js';
import { OrtTensor } from './ort-tensor.js';
import { type TextModelOptions, TextValues, textsOf } from './text/text-values.js';

/** One row of the transformer; conditional and unconditional ones are alike. */
export interface NitroRow {
  /** [L, C]; those that are masked may be anything. */
  readonly tokens: Float32Array;
  /** [L], 1 for tokens that are known. */
  readonly known: Uint8Array;
  /** [T, D], the text. */
  readonly embedded: Float32Array;
  /** [N], positions whose z is wanted. */
  readonly targets: ArrayLike<number>;
}

/**
 * The graphs of a Nitro-AR model, which takes text. Image and text attend to both in every block, so of a text only its first
 * layer is computed once, and the halves of guidance share nothing.
 */
export class NitroGraphs extends ModelGraphs<TextInput> {
  readonly #rowsAtOnce: number;
  readonly #texts: TextValues<Float32Array>;
  #nullText: Promise<Float32Array> | undefined;

  constructor(manifest: Manifest, runner: GraphRunner, options: TextModelOptions = {}) {
    super(manifest, runner);
    const { rowsAtOnce = Number.POSITIVE_INFINITY, textEncoder } = options;
    this.#rowsAtOnce = rowsAtOnce;
    this.#texts = new TextValues(manifest, textEncoder, (features) => this.embedText(features));
  }

  override unknownWords(prompt: string): Promise<readonly string[]> {
    return this.#texts.unknownWords(prompt);
  }

  override async release(): Promise<void> {
    await super.release();
    await this.#texts.dispose();
  }

  batchKey(image: ConditionImage<TextInput>): string {
    return `${image.positions.length} ${this.#texts.rowsOf(image)}`;
  }

  async conditionImages(
    images: readonly ConditionImage<TextInput>[],
    signal: CancellationSignal | undefined,
  ): Promise<OrtTensor> {
    for (const { grid } of images) this.assertGrid(grid);
    for (const image of images) positionOrder(image, gridLength(image.grid.shape));
    const texts = await this.#embedded(images, signal);
    const inputs = await this.inputs(images, texts);
    const rows = [...images, ...images.filter((image) => image.guided)].map(
      (image, row): NitroRow => ({
        ...inputs[images.indexOf(image)]!,
        targets: image.positions,
        embedded: texts[row]!,
      }),
    );
    const dims = [images[0]!.positions.length, this.manifest.widths.decoder];
    const parts = { count: rows.length, atOnce: this.#rowsAtOnce };
    return this.inParts('transformer', parts, dims, (first, end) => {
      throwIfAborted(signal);
      return this.transform(rows.slice(first, end));
    });
  }

  /** What the transformer is given of each image, for both halves of guidance. */
  protected async inputs(
    images: readonly ConditionImage<TextInput>[],
    _texts: readonly Float32Array[],
  ): Promise<readonly Pick<NitroRow, 'tokens' | 'known'>[]> {
    return images.map(({ grid }) => grid);
  }

  /** z at the targets of rows [B] with as many targets and rows of text each, [B, N, D]. */
  async transform(rows: readonly NitroRow[]): Promise<OrtTensor> {
    const { grid, widths } = this.manifest;
    const length = gridLength(grid);
    const count = rows[0]!.targets.length;
    const textRows = rows[0]!.embedded.length / widths.decoder;
    const tokens = new Float32Array(rows.length * length * grid.channels);
    const masked = new Float32Array(rows.length * length);
    const embedded = new Float32Array(rows.length * textRows * widths.decoder);
    const targets = new Int32Array(rows.length * count);
    for (const [row, { known, ...each }] of rows.entries()) {
      for (const [position, isKnown] of known.entries()) {
        const at = row * length + position;
        const from = position * grid.channels;
        if (isKnown) tokens.set(each.tokens.subarray(from, from + grid.channels), at * grid.channels);
        else masked[at] = 1;
      }
      embedded.set(each.embedded, row * textRows * widths.decoder);
      for (let i = 0; i < count; i++) targets[row * count + i] = row * length + each.targets[i]!;
    }
    const feeds = {
      tokens: this.runner.float(tokens, [rows.length, length, grid.channels]),
      masked: this.runner.float(masked, [rows.length, length, 1]),
      embedded: this.runner.float(embedded, [rows.length, textRows, widths.decoder]),
      targets: this.runner.int(targets, [rows.length, count]),
    };
    const { z } = await this.runner.run('transformer', feeds, ['z']);
    const held = new OrtTensor('transformer', z!);
    if (!held.onGpu) await held.read();
    return held;
  }

  /** The first layer of a text's features [T, Ct], [T, D]. */
  async embedText(features: Float32Array): Promise<Float32Array> {
    const { width } = this.manifest.condition as TextCondition;
    const feeds = { features: this.runner.float(features, [1, features.length / width, width]) };
    const { embedded } = await this.runner.run('text', feeds, ['embedded']);
    return assertFinite('text', (await embedded!.getData()) as Float32Array);
  }

  /** The texts of each row, all with as many rows; the null text is that of the folder, else the empty prompt. */
  async #embedded(
    images: readonly ConditionImage<TextInput>[],
    signal: CancellationSignal | undefined,
  ): Promise<readonly Float32Array[]> {
    const isStored = this.runner.has('nullText');
    const texts = textsOf(images).map((text) => (text === null && !isStored ? '' : text));
    const values = await this.#texts.of(texts, signal);
    const nullText = values.includes(undefined) ? await this.#storedNullText() : undefined;
    const embedded = values.map((value) => value ?? nullText!);
    const other = embedded.find((text) => text.length !== embedded[0]!.length);
    if (!other) return embedded;
    const rowsOf = (text: Float32Array): number => text.length / this.manifest.widths.decoder;
    throw new InvalidOptionError(
      'prompt',
      `${rowsOf(embedded[0]!)} rows`,
      `must have as many rows as what guidance leads away from, ${rowsOf(other)}`,
    );
  }

  #storedNullText(): Promise<Float32Array> {
    this.#nullText ??= this.runner
      .run('nullText', {}, ['embedded'])
      .then(async ({ embedded }) => assertFinite('nullText', (await embedded!.getData()) as Float32Array));
    return this.#nullText;
  }
}
