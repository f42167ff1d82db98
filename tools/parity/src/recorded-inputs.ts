import type { ModelInput } from '@tessera/core';
import type { TextCondition } from '@tessera/format';
import type { ConvertedMar } from './converted-models.js';
import type { GoldenCase } from './golden-case.js';
import { GoldenDataError } from './golden-data-error.js';
import { type GoldenTensors, rowsOf } from './golden-files.js';
import type { JsonFields } from './json-fields.js';

/**
 * What the recorded images were asked for, [B]: classes or texts, as the model takes them.
 *
 * @param fields the case's, or those of its plan
 * @param file the case's
 */
export async function recordedInputs(
  { tensors }: Pick<GoldenCase, 'tensors'>,
  fields: JsonFields,
  file: GoldenTensors,
  count: number,
  { graphs }: ConvertedMar,
): Promise<readonly ModelInput[]> {
  const { condition } = graphs.manifest;
  if (condition.kind === 'class') {
    return classLabels(fields, file, count).map((classLabel) => ({ classLabel }));
  }
  if (fields.isNull('text')) return Array.from({ length: count }, () => ({ prompt: null }));
  const texts = recordedTexts(await tensors(fields.text('text_file')), fields.text('text'), condition);
  return texts.slice(0, count).map((features) => ({ prompt: { features } }));
}

/** Recorded features [B, T, Ct], text by text. */
export function recordedTexts(
  file: GoldenTensors,
  name: string,
  { width }: TextCondition,
): readonly Float32Array[] {
  return rowsOf(file.get(name, [undefined, undefined, width]));
}

/** [B], a class an image: `labels` of a case's parameters, where null stands for no class, else of its recorded file. */
function classLabels(fields: JsonFields, file: GoldenTensors, count: number): readonly (number | null)[] {
  if (fields.isNull('labels')) return Array.from({ length: count }, () => null);
  const labels = fields.has('labels') ? fields.numbers('labels') : [...file.get('labels').data];
  if (labels.length !== count) {
    throw new GoldenDataError(`${labels.length} labels are recorded for ${count} images.`);
  }
  return labels;
}
