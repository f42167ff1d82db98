import type { ModelInput } from '@tessera/core';
import { gridLength } from '@tessera/core/model';
import type { TextCondition } from '@tessera/format';
import { LightgenGraphs } from '@tessera/onnx';
import { type Check, compare } from '../compare.js';
import type { ConvertedMar } from '../converted-models.js';
import type { GoldenCase } from '../golden-case.js';
import { GoldenDataError } from '../golden-data-error.js';
import type { GoldenTensors } from '../golden-files.js';
import { recordedTexts } from '../recorded-inputs.js';
import { caseShape } from '../recorded-run.js';
import { TOLERANCES } from '../tolerances.js';
import { batches, checkModel, maskedImages, scatterRows, visibleFirst } from './masked-images.js';

type Lightgen = ConvertedMar<LightgenGraphs>;

/** Tables of positions as recorded files name them. */
const TABLES = { enc: 'encoder', dec: 'decoder', last: 'last' } as const;

/** The text side: `TEXT.proj` and `TEXT.aligned` [B, T, D] of each text of the file. */
export async function replayText({ fields, tensors, mar }: GoldenCase): Promise<readonly Check[]> {
  const file = await tensors(fields.text('file'));
  const { graphs } = await lightgen(mar);
  const outputs = { proj: 'projected', aligned: 'aligned' } as const;
  const checks: Check[] = [];
  for (const { name, groups } of file.matching(/^(.+)\.(proj|aligned)$/)) {
    const [text, part] = groups as [string, keyof typeof outputs];
    const actual: number[] = [];
    for (const features of textsOf(file, text, graphs)) {
      const output = await graphs.readText(features, [outputs[part]]);
      for (const value of output[outputs[part]].data as Float32Array) actual.push(value);
    }
    checks.push(compare(name, actual, file.get(name).data, TOLERANCES.textConditions));
  }
  return checks;
}

/** `pos.TABLE.HxW` [L, D / channel_step], every `channel_step`-th channel of a table as it is added on a grid. */
export async function replayPositions({ fields, tensors, mar }: GoldenCase): Promise<readonly Check[]> {
  const file = await tensors(fields.text('file'));
  const { graphs } = await lightgen(mar);
  const step = fields.has('channel_step') ? fields.number('channel_step') : 1;
  const checks: Check[] = [];
  for (const { name, groups } of file.matching(/^pos\.(enc|dec|last)\.(\d+)x(\d+)$/)) {
    const [table, height, width] = groups as [keyof typeof TABLES, string, string];
    const tables = await graphs.tables({ height: Number(height), width: Number(width) });
    const rows = tables[TABLES[table]].data as Float32Array;
    // D is a multiple of the step, so that rows don't shift it.
    const picked = rows.filter((_, i) => i % step === 0);
    checks.push(compare(name, picked, file.get(name).data, TOLERANCES.textConditions));
  }
  return checks;
}

/**
 * LightGen's transformer: `pos.TABLE`, the tables of the grid; `enc.MASK`, the encoder's rows; `dec.MASK`, the decoder's; and
 * `z.MASK.TEXT|null` at every position through the graphs, and at some of the masked ones through the model.
 */
export async function replayLightgenForward(
  { fields, tensors }: Pick<GoldenCase, 'fields' | 'tensors'>,
  file: GoldenTensors,
  converted: Lightgen,
): Promise<readonly Check[]> {
  const { graphs, model } = converted;
  const { widths } = model.manifest;
  const shape = caseShape(fields, converted);
  const length = gridLength(shape);
  const tables = await graphs.tables(shape);
  const checks: Check[] = [];
  for (const { name, groups } of file.matching(/^pos\.(enc|dec|last)$/)) {
    const table = tables[TABLES[groups[0] as keyof typeof TABLES]];
    checks.push(compare(name, table.data as Float32Array, file.get(name).data, TOLERANCES.textConditions));
  }
  const texts = await tensors(fields.text('text'));
  for (const { name, groups } of file.matching(/^(enc|dec|z)\.([^.]+)(?:\.(.+))?$/)) {
    const [output, mask, text] = groups as [string, string, string | undefined];
    const images = maskedImages(file, mask, shape);
    const { data } = file.get(name);
    if (output === 'z' && text === undefined)
      throw new GoldenDataError(`${file.path}: ${name} names no text.`);
    const features = text === undefined || text === 'null' ? undefined : textsOf(texts, text, graphs);
    const actual = new Float32Array(data.length);
    let encodedEnd = 0;
    for (const batch of batches(images)) {
      const { tokens, positions } = visibleFirst(images, batch, shape.channels);
      const encoded = await graphs.encodeTokens(tokens, positions, batch.length, tables);
      if (output === 'enc') {
        const rows = await encoded.read();
        actual.set(rows, encodedEnd);
        encodedEnd += rows.length;
        continue;
      }
      const wanted = output === 'dec' ? 'decoded' : 'queries';
      let rows = await graphs.decodeTokens(encoded, positions, length, tables, wanted);
      if (output === 'z') {
        const memories = [];
        for (const image of batch) memories.push(features && (await graphs.memoryOf(features[image]!)));
        rows = await graphs.cross(rows, [...batch.keys()], memories);
      }
      scatterRows(await rows.read(), positions, batch, widths.decoder, actual);
    }
    checks.push(compare(name, actual, data, TOLERANCES.textConditions));
    if (output !== 'z') continue;
    const inputs: ModelInput[] = images.tokens.map((_, image) => ({
      prompt: features ? { features: features[image]! } : null,
    }));
    const expected = file.get(name, [images.tokens.length, length, widths.decoder]);
    checks.push(...(await checkModel(name, expected, images, inputs, shape, converted)));
  }
  return checks;
}

function textsOf(file: GoldenTensors, name: string, { manifest }: LightgenGraphs): readonly Float32Array[] {
  return recordedTexts(file, name, manifest.condition as TextCondition);
}

async function lightgen(mar: GoldenCase['mar']): Promise<Lightgen> {
  const { graphs, model } = await mar();
  if (graphs instanceof LightgenGraphs) return { graphs, model };
  throw new GoldenDataError('The model of this case is not of the family lightgen.');
}
