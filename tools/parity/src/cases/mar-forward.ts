import type { ClassInput } from '@tessera/core/model';
import type { Classes } from '@tessera/format';
import type { ConditionBatch, MarGraphs } from '@tessera/onnx';
import { type Check, compare } from '../compare.js';
import type { ConvertedMar } from '../converted-models.js';
import type { GoldenCase } from '../golden-case.js';
import { GoldenDataError } from '../golden-data-error.js';
import type { GoldenTensors } from '../golden-files.js';
import { TOLERANCES } from '../tolerances.js';
import {
  batches,
  checkModel,
  type MaskedImages,
  maskedImages,
  scatterRows,
  visibleFirst,
} from './masked-images.js';

/** Images with their labels, null for no class. */
interface LabelledImages extends MaskedImages {
  readonly labels: readonly (number | null)[];
}

/**
 * MAR's transformer: `z.MASK.class|null` at every position through the graph, and at some of the masked ones through the
 * model as `generate` asks for them; `enc.MASK.class|null`, the encoder's rows.
 */
export async function replayMarForward(
  { fields }: Pick<GoldenCase, 'fields'>,
  file: GoldenTensors,
  converted: ConvertedMar<MarGraphs>,
): Promise<readonly Check[]> {
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
    const images = labelledImages(file, mask, condition === 'null', converted);
    if (output === 'enc') checks.push(await checkEncoder(name, file, images, converted));
    else checks.push(...(await checkConditions(name, file, images, converted)));
  }
  return checks;
}

function labelledImages(
  file: GoldenTensors,
  mask: string,
  unconditional: boolean,
  { model }: ConvertedMar<MarGraphs>,
): LabelledImages {
  const images = maskedImages(file, mask, model.shape);
  const labels = [...file.get('labels', [images.tokens.length]).data];
  return { ...images, labels: unconditional ? labels.map(() => null) : labels };
}

function conditionBatch(
  images: LabelledImages,
  batch: readonly number[],
  { model }: ConvertedMar<MarGraphs>,
): ConditionBatch {
  const { count } = model.manifest.condition as Classes;
  const input = visibleFirst(images, batch, model.shape.channels);
  return {
    ...input,
    labels: Int32Array.from(batch, (image) => images.labels[image] ?? count),
    // All positions, the visible ones too: the recorded z has them.
    targetCount: input.positions.length / batch.length,
  };
}

async function checkConditions(
  name: string,
  file: GoldenTensors,
  images: LabelledImages,
  converted: ConvertedMar<MarGraphs>,
): Promise<readonly Check[]> {
  const { graphs, model } = converted;
  const width = model.manifest.widths.decoder;
  const length = model.shape.height * model.shape.width;
  const expected = file.get(name, [images.labels.length, length, width]);
  const actual = new Float32Array(expected.data.length);
  for (const batch of batches(images)) {
    const input = conditionBatch(images, batch, converted);
    const z = await (await graphs.condition(input)).read();
    scatterRows(z, input.positions, batch, width, actual);
  }
  const inputs: ClassInput[] = images.labels.map((classLabel) => ({ classLabel }));
  return [
    compare(name, actual, expected.data, TOLERANCES.conditions),
    ...(await checkModel(name, expected, images, inputs, model.shape, converted)),
  ];
}

async function checkEncoder(
  name: string,
  file: GoldenTensors,
  images: LabelledImages,
  converted: ConvertedMar<MarGraphs>,
): Promise<Check> {
  const expected = file.get(name, [images.labels.length, undefined, converted.model.manifest.widths.encoder]);
  const parts: number[] = [];
  for (const batch of batches(images)) {
    const rows = await converted.graphs.encodeTokens(conditionBatch(images, batch, converted));
    for (const value of rows) parts.push(value);
  }
  return compare(name, parts, expected.data, TOLERANCES.conditions);
}
