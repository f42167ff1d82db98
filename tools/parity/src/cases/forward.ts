import type { ConditionBatch } from '@tessera/onnx';
import { type Check, compare } from '../compare.js';
import type { ConvertedMar } from '../converted-models.js';
import type { GoldenCase } from '../golden-case.js';
import { GoldenDataError } from '../golden-data-error.js';
import { type GoldenTensor, type GoldenTensors, rowsOf } from '../golden-files.js';
import { TOLERANCES } from '../tolerances.js';

/** The recorded inputs of a mask: images with their tokens, labels and positions. */
interface MaskedImages {
  readonly labels: readonly number[];
  /** [L, C] an image; values at masked positions are arbitrary. */
  readonly tokens: readonly Float32Array[];
  readonly visible: readonly (readonly number[])[];
  readonly masked: readonly (readonly number[])[];
}

/**
 * The transformer: `z.MASK.class|null` at every position through the graph, and at some of the masked ones through the
 * model as `generate` asks for them; `enc.MASK.class|null`, the encoder's rows.
 */
export async function replayForward({ fields, tensors, mar }: GoldenCase): Promise<readonly Check[]> {
  const file = await tensors(fields.text('file'));
  const converted = await mar();
  const recorded = file.matching(/^(z|enc)\.(.+)\.(class|null)$/);
  if (recorded.length === 0) throw new GoldenDataError(`${file.path} holds no z to compare with.`);
  for (const mask of fields.has('masks') ? fields.object('masks').names : []) {
    if (!recorded.some(({ groups }) => groups[0] === 'z' && groups[1] === mask)) {
      throw new GoldenDataError(`${file.path} holds no z of the mask "${mask}".`);
    }
  }
  const checks: Check[] = [];
  for (const { name, groups } of recorded) {
    const [output, mask, condition] = groups as [string, string, string];
    const images = maskedImages(file, mask, converted);
    const unconditional = condition === 'null';
    if (output === 'enc') checks.push(await checkEncoder(name, file, images, unconditional, converted));
    else checks.push(...(await checkConditions(name, file, images, unconditional, converted)));
  }
  return checks;
}

function maskedImages(file: GoldenTensors, mask: string, { model }: ConvertedMar): MaskedImages {
  const { height, width, channels } = model.shape;
  const length = height * width;
  const labels = [...file.get('labels', [undefined]).data];
  const tokens = rowsOf(file.get('tokens', [labels.length, length, channels]));
  const masks = rowsOf(file.get(`mask.${mask}`, [labels.length, length]));
  const where = (value: 0 | 1) =>
    masks.map((row) => [...row.keys()].filter((position) => (row[position] === 0 ? 0 : 1) === value));
  return { labels, tokens, visible: where(0), masked: where(1) };
}

/** Images with equally many visible tokens go through the graph together, others one by one. */
function batches({ visible }: MaskedImages): readonly (readonly number[])[] {
  const all = [...visible.keys()];
  return visible.every((each) => each.length === visible[0]!.length) ? [all] : all.map((image) => [image]);
}

function conditionBatch(
  images: MaskedImages,
  batch: readonly number[],
  unconditional: boolean,
  { model }: ConvertedMar,
): ConditionBatch {
  const { channels } = model.shape;
  const tokens = batch.flatMap((image) =>
    images.visible[image]!.flatMap((position) => [
      ...images.tokens[image]!.subarray(position * channels, (position + 1) * channels),
    ]),
  );
  const positions = batch.flatMap((image) => [...images.visible[image]!, ...images.masked[image]!]);
  const labels = batch.map((image) =>
    unconditional ? model.manifest.condition.count : images.labels[image]!,
  );
  return {
    tokens: Float32Array.from(tokens),
    positions: Int32Array.from(positions),
    labels: Int32Array.from(labels),
    // All positions, the visible ones too: the recorded z has them.
    targetCount: positions.length / batch.length,
  };
}

async function checkConditions(
  name: string,
  file: GoldenTensors,
  images: MaskedImages,
  unconditional: boolean,
  converted: ConvertedMar,
): Promise<readonly Check[]> {
  const { graphs, model } = converted;
  const width = model.manifest.widths.decoder;
  const length = model.shape.height * model.shape.width;
  const expected = file.get(name, [images.labels.length, length, width]);
  const actual = new Float32Array(expected.data.length);
  for (const batch of batches(images)) {
    const input = conditionBatch(images, batch, unconditional, converted);
    const z = await (await graphs.condition(input)).read();
    for (const [row, position] of input.positions.entries()) {
      const image = batch[Math.floor(row / length)]!;
      actual.set(z.subarray(row * width, (row + 1) * width), (image * length + position) * width);
    }
  }
  return [
    compare(name, actual, expected.data, TOLERANCES.conditions),
    ...(await checkModel(name, expected, images, unconditional, converted)),
  ];
}

/** Every second masked position, so that some masked ones are not asked for. */
async function checkModel(
  name: string,
  expected: GoldenTensor,
  images: MaskedImages,
  unconditional: boolean,
  { model }: ConvertedMar,
): Promise<readonly Check[]> {
  const width = model.manifest.widths.decoder;
  const rows = rowsOf(expected);
  const wanted = images.masked.map((masked) => Uint32Array.from(masked.filter((_, i) => i % 2 === 0)));
  if (wanted.some((positions) => positions.length === 0)) return [];
  const conditions = await model.condition({
    batch: wanted.map((positions, image) => {
      const known = new Uint8Array(model.shape.height * model.shape.width).fill(1);
      for (const position of images.masked[image]!) known[position] = 0;
      return {
        grid: { shape: model.shape, tokens: images.tokens[image]!, known },
        positions,
        input: { classLabel: unconditional ? null : images.labels[image]! },
        guided: false,
      };
    }),
  });
  const checks: Check[] = [];
  for (const [image, held] of conditions.entries()) {
    const picked = [...wanted[image]!].flatMap((position) => [
      ...rows[image]!.subarray(position * width, (position + 1) * width),
    ]);
    checks.push(compare(`${name}, model, image ${image}`, await held.read(), picked, TOLERANCES.conditions));
    held.release();
  }
  return checks;
}

async function checkEncoder(
  name: string,
  file: GoldenTensors,
  images: MaskedImages,
  unconditional: boolean,
  converted: ConvertedMar,
): Promise<Check> {
  const expected = file.get(name, [images.labels.length, undefined, converted.model.manifest.widths.encoder]);
  const parts: number[] = [];
  for (const batch of batches(images)) {
    const rows = await converted.graphs.encodeTokens(conditionBatch(images, batch, unconditional, converted));
    for (const value of rows) parts.push(value);
  }
  return compare(name, parts, expected.data, TOLERANCES.conditions);
}
