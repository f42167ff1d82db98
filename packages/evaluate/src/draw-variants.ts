import { ancestralSampler, generateImages, type ModelInput } from '@tessera/core';
import { assertShape, samplingWork, throwIfAborted } from '@tessera/core/model';
import { assertDrawing } from './checked-options.js';
import type { DrawingOptions, EvaluationVariant } from './evaluation-options.js';
import type { DrawnPicture, MeasuredPicture } from './evaluation-store.js';

/**
 * Draws and measures the pictures of all variants that the store doesn't have, variants in turn batch by batch, so that whatever
 * slows the machine down for a while slows them all.
 *
 * @returns a variant's pictures 0 … n − 1
 * @throws InvalidOptionError where there is no variant, two of one name, or a number out of range, before anything is drawn
 */
export async function drawVariants(
  options: DrawingOptions,
): Promise<readonly (readonly MeasuredPicture[])[]> {
  assertDrawing(options);
  const { variants, n, batch, store, network, signal, onProgress } = options;
  const drawn = await Promise.all(
    variants.map(async ({ name, description }) => {
      const pictures = new Map<number, MeasuredPicture>();
      for (const picture of await store.load({ name, description })) {
        assertShape(`kept features of ${name}`, picture.features, [network.width]);
        if (picture.index < n) pictures.set(picture.index, picture);
      }
      return pictures;
    }),
  );
  for (let from = 0; from < n; from += batch) {
    const indices = Array.from({ length: Math.min(batch, n - from) }, (_, i) => from + i);
    for (const [place, variant] of variants.entries()) {
      const kept = drawn[place]!;
      const missing = indices.filter((index) => !kept.has(index));
      if (missing.length === 0) continue;
      throwIfAborted(signal);
      const pictures = await drawBatch(options, variant, missing);
      await store.save({ name: variant.name, description: variant.description }, pictures);
      // Pictures would fill the memory; what the report needs is small.
      for (const { image: _, ...measured } of pictures) kept.set(measured.index, measured);
      const [{ seconds }] = pictures as [DrawnPicture];
      onProgress?.({ phase: 'drawing', variant: variant.name, done: kept.size, total: n, seconds });
    }
  }
  return drawn.map((pictures) => Array.from({ length: n }, (_, index) => pictures.get(index)!));
}

async function drawBatch(
  { model, classes, prompts, seed, network, clock, signal }: DrawingOptions,
  variant: EvaluationVariant,
  indices: readonly number[],
): Promise<DrawnPicture[]> {
  const { name: _, description: __, model: drawing = model, ...sampling } = variant;
  const inputAt = (index: number): ModelInput =>
    prompts
      ? { prompt: prompts.prompts[index % prompts.prompts.length]!.text }
      : { classLabel: index % classes };
  const began = clock();
  const generated = await generateImages({
    sampler: ancestralSampler(),
    ...sampling,
    model: drawing,
    requests: indices.map((index) => ({ seed, imageIndex: index, input: inputAt(index) })),
    ...(signal === undefined ? {} : { signal }),
  });
  const seconds = (clock() - began) / 1000 / indices.length;
  const {
    features,
    classes: seen,
    damages,
    things,
  } = await network.extract(generated.map(({ image }) => image));
  const { width } = network;
  const work = generated.map(({ steps }) => samplingWork(steps));
  assertShape('features [n, width]', features, [indices.length, width]);
  return indices.map((index, i) => ({
    index,
    features: features.slice(i * width, (i + 1) * width),
    seenClass: seen ? seen[i]! : null,
    seenDamage: damages ? damages[i]! : null,
    ...(things ? { seenThings: things[i]! } : {}),
    seconds,
    passes: work[i]!.passes,
    headEvaluations: work[i]!.headEvaluations,
    image: generated[i]!.image,
  }));
}
