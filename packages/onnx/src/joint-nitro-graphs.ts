import { eulerSampler, InvalidOptionError } from '@tessera/core';
import { assertShape, type ConditionImage, gridLength, type TextInput } from '@tessera/core/model';
import { diffusionFrom } from '@tessera/format';
import { assertFinite } from './finite.js';
import { chainSteps } from './head.js';
import { NitroGraphs, type NitroRow } from './nitro-graphs.js';

/**
 * The graphs of Nitro-AR's joint variant: a token of the whole picture is drawn first, stands in every place of the transformer's
 * input, and all tokens are drawn at once.
 */
export class JointNitroGraphs extends NitroGraphs {
  override batchKey(image: ConditionImage<TextInput>): string {
    return `${super.batchKey(image)} ${image.guided}`;
  }

  protected override async inputs(
    images: readonly ConditionImage<TextInput>[],
    texts: readonly Float32Array[],
  ): Promise<readonly Pick<NitroRow, 'tokens' | 'known'>[]> {
    const { grid } = this.manifest;
    const length = gridLength(grid);
    for (const { positions } of images) {
      if (positions.length === length) continue;
      throw new InvalidOptionError(
        'policy',
        `a step of ${positions.length} positions`,
        `must draw all ${length} positions in one step, none given beforehand: this model draws them jointly. Use mar:1x6`,
      );
    }
    const token = await this.globalTokens(images, texts);
    return images.map((_, index) => {
      const own = token.subarray(index * grid.channels, (index + 1) * grid.channels);
      const tokens = new Float32Array(length * grid.channels);
      for (let position = 0; position < length; position++) tokens.set(own, position * grid.channels);
      return { tokens, known: new Uint8Array(length).fill(1) };
    });
  }

  /**
   * The token of each picture, [n, C].
   *
   * @param images all guided or all not
   * @param texts [T, D], the conditional ones, then the unconditional ones
   */
  async globalTokens(
    images: readonly ConditionImage<TextInput>[],
    texts: readonly Float32Array[],
  ): Promise<Float32Array> {
    const { grid, widths, joint, diffusion } = this.manifest;
    const { channels } = grid;
    const x = new Float32Array(images.length * channels);
    const scales = images.map(({ globalToken }, index) => {
      if (!globalToken) {
        throw new InvalidOptionError(
          'globalToken',
          globalToken,
          'must be given: this model draws a token first',
        );
      }
      assertShape('noise [C]', globalToken.noise, [channels]);
      x.set(globalToken.noise, index * channels);
      return globalToken.guidanceScale;
    });
    const { steps } = eulerSampler()(joint!.globalSteps, diffusionFrom(diffusion));
    const chain = chainSteps(steps, Float32Array.from(scales), images.length);
    const textRows = texts[0]!.length / widths.decoder;
    const embedded = new Float32Array(texts.length * texts[0]!.length);
    for (const [row, text] of texts.entries()) embedded.set(text, row * text.length);
    const feeds = {
      embedded: this.runner.float(embedded, [texts.length, textRows, widths.decoder]),
      x: this.runner.float(x, [images.length, channels]),
      ...this.chainFeeds(chain, images.length),
    };
    const { tokens } = await this.runner.run('globalToken', feeds, ['tokens']);
    return assertFinite('globalToken', (await tokens!.getData()) as Float32Array);
  }
}
