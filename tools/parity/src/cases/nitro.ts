import {
  Checkpoint,
  type NitroConfig,
  type NitroConfigJson,
  nitroBlockGraph,
  nitroGraphs,
  openTensors,
  positionTable,
  resolveNitroConfig,
} from '@tessera/convert';
import { eulerSampler, type ModelInput } from '@tessera/core';
import { gridLength, replayNoise } from '@tessera/core/model';
import type { TextCondition } from '@tessera/format';
import { NitroGraphs } from '@tessera/onnx';
import { Tensor } from 'onnxruntime-node';
import { type Check, compare } from '../compare.js';
import type { ConvertedMar } from '../converted-models.js';
import type { GoldenCase } from '../golden-case.js';
import { GoldenDataError } from '../golden-data-error.js';
import { type GoldenTensors, rowsOf } from '../golden-files.js';
import { readJsonFields } from '../json-fields.js';
import { runProbe } from '../probe.js';
import { recordedConditions } from '../recorded-conditions.js';
import { recordedTexts, textCase } from '../recorded-inputs.js';
import { TOLERANCES } from '../tolerances.js';
import { checkModel, maskedImages } from './masked-images.js';

type Nitro = ConvertedMar<NitroGraphs>;

/** The first layer of each text: `TEXT.embedded` [B, T, D]. */
export async function replayNitroText(
  { fields, tensors }: Pick<GoldenCase, 'fields' | 'tensors'>,
  { graphs }: Nitro,
): Promise<readonly Check[]> {
  const file = await tensors(fields.text('file'));
  const checks: Check[] = [];
  for (const { name, groups } of file.matching(/^(.+)\.embedded$/)) {
    const actual: number[] = [];
    for (const features of textsOf(file, groups[0]!, graphs))
      actual.push(...(await graphs.embedText(features)));
    checks.push(compare(name, actual, file.get(name).data, TOLERANCES.block));
  }
  return checks;
}

/** The position table, tables of other grids (every `channel_step`-th channel), and rows of the released model's. */
export async function replayNitroPositions({ fields, tensors, path }: GoldenCase): Promise<readonly Check[]> {
  const file = await tensors(fields.text('file'));
  return withNitro(path, async ({ config }) => {
    const tableOf = (side: number, width = config.decoder.width) =>
      positionTable({ ...config, grid: { ...config.grid, height: side, width: side } }, width);
    const check = (name: string, actual: ArrayLike<number>): Check =>
      compare(name, actual, file.get(name).data, TOLERANCES.sinusoid);
    const checks = [check(fields.text('main'), tableOf(config.grid.height))];
    for (const other of fields.has('extra') ? fields.objects('extra') : []) {
      const step = other.has('channel_step') ? other.number('channel_step') : 1;
      const table = tableOf(other.number('sample_size'));
      checks.push(
        check(
          other.text('name'),
          table.filter((_, i) => i % step === 0),
        ),
      );
    }
    if (fields.has('released')) {
      const released = fields.object('released');
      const width = released.number('inner_dim');
      const table = tableOf(released.number('sample_size'), width);
      const rows = released
        .numbers('rows')
        .flatMap((row) => [...table.subarray(row * width, (row + 1) * width)]);
      checks.push(check(released.text('name'), rows));
    }
    return checks;
  });
}

/** The transformer: `z.MASK.TEXT|null` at every position through the graph, and at some masked ones through the model. */
export async function replayNitroForward(
  { fields, tensors, json }: Pick<GoldenCase, 'fields' | 'tensors' | 'json'>,
  file: GoldenTensors,
  converted: Nitro,
): Promise<readonly Check[]> {
  const { graphs, model } = converted;
  const length = gridLength(model.shape);
  const { file: textFile, nullText } = await textCase(json, fields);
  const texts = await tensors(textFile);
  const checks: Check[] = [];
  for (const { name, groups } of file.matching(/^z\.([^.]+)\.(.+)$/)) {
    const [mask, text] = groups as [string, string];
    const images = maskedImages(file, mask, model.shape);
    const recorded = textsOf(texts, text === 'null' && nullText ? nullText : text, graphs);
    const features = images.tokens.map((_, image) => recorded[recorded.length === 1 ? 0 : image]!);
    const rows = [];
    for (const [image, tokens] of images.tokens.entries()) {
      const known = new Uint8Array(length);
      for (const position of images.visible[image]!) known[position] = 1;
      const embedded = await graphs.embedText(features[image]!);
      rows.push({ tokens, known, embedded, targets: Int32Array.from(known.keys()) });
    }
    const z = await (await graphs.transform(rows)).read();
    const expected = file.get(name, [rows.length, length, model.manifest.widths.decoder]);
    checks.push(compare(name, z, expected.data, TOLERANCES.conditions));
    const inputs: ModelInput[] = features.map((each) => ({ prompt: { features: each } }));
    checks.push(...(await checkModel(name, expected, images, inputs, model.shape, converted)));
  }
  if (checks.length === 0) throw new GoldenDataError(`${file.path} holds no z to compare with.`);
  return checks;
}

/** What the transformer computes on the way, of one image: rows after the first norm, each group, and each change of grid. */
export async function replayStages({
  fields,
  tensors,
  json,
  mar,
  path,
  openSession,
}: GoldenCase): Promise<readonly Check[]> {
  const file = await tensors(fields.text('file'));
  const { graphs, model } = await nitro(mar);
  const { channels } = model.shape;
  const image = fields.number('sample');
  const images = maskedImages(await tensors(fields.text('tokens')), fields.text('mask'), model.shape);
  const texts = await tensors((await textCase(json, fields)).file);
  const embedded = await graphs.embedText(textsOf(texts, fields.text('text'), graphs)[image]!);
  const length = gridLength(model.shape);
  const masked = new Float32Array(length);
  for (const position of images.masked[image]!) masked[position] = 1;
  const tokens = images.tokens[image]!.map((value, i) => (masked[Math.floor(i / channels)] ? 0 : value));
  return withNitro(path, async ({ config, checkpoint }) => {
    const marks: Record<string, string> = {
      h0: 'z_proj_ln',
      down2: 'downsamplers.2',
      down4: 'downsamplers.4',
      up2: 'upsamplers.2',
      up4: 'upsamplers.4',
      merged_pos: 'mergers.0.2',
    };
    for (const [group, depth] of config.split.entries()) {
      marks[`g${group}.h`] = `block_groups.${group}.${depth - 1}.ff`;
      marks[`g${group}.e`] = `block_groups.${group}.${depth - 1}.ff_context`;
    }
    const { transformer } = nitroGraphs(config, checkpoint);
    const width = config.decoder.width;
    const outputs = await runProbe(openSession, transformer!.expose([...transformer!.marks.keys()]), {
      tokens: floats(tokens, [1, length, channels]),
      masked: floats(masked, [1, length, 1]),
      embedded: floats(embedded, [1, embedded.length / width, width]),
      targets: new Tensor(
        'int32',
        Int32Array.from({ length }, (_, position) => position),
        [1, length],
      ),
    });
    return fields.has('names')
      ? namesOf(fields.values.names).map((name) => {
          const actual = name === 'e0' ? embedded : outputs[marks[name] ?? ''];
          if (!actual) throw new GoldenDataError(`The stage "${name}" is not known.`);
          const tolerance = ['h0', 'e0'].includes(name) ? TOLERANCES.block : TOLERANCES.conditions;
          return compare(name, actual, file.get(name).data, tolerance);
        })
      : [];
  });
}

/** Single blocks on recorded rows: queries and keys after their norms, what attention gives, and the streams after. */
export async function replayBlock({
  fields,
  tensors,
  path,
  openSession,
}: GoldenCase): Promise<readonly Check[]> {
  const file = await tensors(fields.text('file'));
  return withNitro(path, async ({ config, checkpoint }) => {
    const checks: Check[] = [];
    for (const recorded of fields.objects('blocks')) {
      const [prefix, group, index] = [
        recorded.text('prefix'),
        recorded.number('group'),
        recorded.number('index'),
      ];
      const image = file.get(`${prefix}.in.h`);
      const text = file.get(`${prefix}.in.e`);
      const rows = image.shape.at(-2)!;
      const inputs = {
        image: floats(image.data, [1, rows, config.decoder.width]),
        text: floats(text.data, [1, text.shape.at(-2)!, config.decoder.width]),
      };
      const graph = nitroBlockGraph(config, checkpoint, { group, index, rows });
      const outputs = await runProbe(openSession, graph, inputs);
      const block = `block_groups.${group}.${index}`;
      const marks = {
        'attn.h': 'to_out.0',
        'attn.e': 'to_add_out',
        'out.h': 'ff',
        'out.e': 'ff_context',
        'q.h': 'norm_q',
        'k.h': 'norm_k',
        'q.e': 'norm_added_q',
        'k.e': 'norm_added_k',
      };
      for (const [part, mark] of Object.entries(marks)) {
        const name = `${prefix}.${part}`;
        if (!file.has(name)) continue;
        const expected = file.get(name);
        const output = outputs[`${block}.${mark}`];
        if (!output) throw new GoldenDataError(`${name} is not computed.`);
        const actual = /^[qk]/.test(part) ? firstHeadRows(output, expected.shape) : output;
        checks.push(compare(name, actual, expected.data, TOLERANCES.block));
      }
    }
    return checks;
  });
}

/** The head's chain: `out.nSTEPS.cfgSCALE` [N, C], and x after each step. */
export async function replayFlow({ fields, tensors, mar }: GoldenCase): Promise<readonly Check[]> {
  const file = await tensors(fields.text('file'));
  const { model } = await nitro(mar);
  const width = model.manifest.widths.decoder;
  const noise = file.get('noise', [undefined, model.shape.channels]);
  const conditional = file.get('z.cond', [noise.shape[0], width]).data;
  const rows = Uint32Array.from(rowsOf(noise).keys());
  const checks: Check[] = [];
  for (const { name, groups } of file.matching(/^(out|trace)\.n(\d+)\.cfg(.+)$/)) {
    const [kind, count, scale] = [groups[0], Number(groups[1]), Number(groups[2])];
    const unconditional = scale === 1 ? undefined : file.get('z.uncond', [noise.shape[0], width]).data;
    const conditions = recordedConditions(conditional, unconditional, width);
    const table = eulerSampler()(count, model.diffusion);
    const run = async (x: readonly Float32Array[], from: number, to: number) => {
      const source = replayNoise((row) => x[row]!);
      const [tokens] = await model.sampleTokens({
        batch: [{ conditions, rows, positions: rows, guidanceScale: scale, noise: source }],
        coefficients: { ...table, steps: table.steps.slice(from, to) },
        temperature: 1,
      });
      return tokens!;
    };
    const recorded = file.get(name);
    if (kind === 'out') {
      const out = await run(rowsOf(noise), 0, table.steps.length);
      checks.push(compare(name, out, recorded.data, TOLERANCES.flow));
      continue;
    }
    // Each step from the recorded x before it, so that no earlier step's rounding hides a mistake of this one.
    const steps = rowsOf(recorded);
    for (const [k, expected] of steps.entries()) {
      const before = k === 0 ? noise.data : steps[k - 1]!;
      const after = await run(rowsOf({ shape: noise.shape, data: before }), k, k + 1);
      checks.push(compare(`${name}, step ${k}`, after, expected, TOLERANCES.flow));
    }
  }
  return checks;
}

/** Heads × the first rows × head, of rows [1, rows, width]. */
function firstHeadRows(rows: Float32Array, [heads = 1, count = 0, size = 1]: readonly number[]): number[] {
  const out: number[] = [];
  for (let head = 0; head < heads; head++) {
    for (let row = 0; row < count; row++) {
      const from = (row * heads + head) * size;
      out.push(...rows.subarray(from, from + size));
    }
  }
  return out;
}

const floats = (data: Float32Array, dims: readonly number[]): Tensor => new Tensor('float32', data, dims);

const namesOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];

function textsOf(file: GoldenTensors, name: string, { manifest }: NitroGraphs): readonly Float32Array[] {
  return recordedTexts(file, name, manifest.condition as TextCondition);
}

async function nitro(mar: GoldenCase['mar']): Promise<Nitro> {
  const { graphs, model } = await mar();
  if (graphs instanceof NitroGraphs) return { graphs, model };
  throw new GoldenDataError('The model of this case is not of the family nitro.');
}

/** Calls back with the checkpoint of a case's directory, for graphs that a model folder has none of. */
async function withNitro<T>(
  path: GoldenCase['path'],
  body: (opened: { readonly config: NitroConfig; readonly checkpoint: Checkpoint }) => Promise<T>,
): Promise<T> {
  const json = await readJsonFields(path('config.json'));
  const file = await openTensors(path('weights.safetensors'));
  try {
    const checkpoint = new Checkpoint(file, 'mask_token');
    return await body({ config: resolveNitroConfig(json.values as NitroConfigJson, checkpoint), checkpoint });
  } finally {
    await file.close();
  }
}
