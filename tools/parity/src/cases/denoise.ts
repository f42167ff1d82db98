import type { SamplerCoefficients } from '@tessera/core/diffusion';
import { type ConditionRows, replayNoise } from '@tessera/core/model';
import { type Check, compare } from '../compare.js';
import type { ConvertedMar } from '../converted-models.js';
import type { GoldenCase } from '../golden-case.js';
import { GoldenDataError } from '../golden-data-error.js';
import { type GoldenTensors, rowsOf } from '../golden-files.js';
import type { JsonFields } from '../json-fields.js';
import { recordedConditions } from '../recorded-conditions.js';
import { guidedTolerance, TOLERANCES } from '../tolerances.js';

/**
 * The head: `out` [n, 2C] of each row's own timestep, the parts of its time embedding, and `cfg.out.SCALE`, where ε is
 * guided and alike in both halves and v is each half's own.
 */
export async function replayDenoise({ fields, tensors, mar }: GoldenCase): Promise<readonly Check[]> {
  const file = await tensors(fields.text('file'));
  const converted = await mar();
  if (converted.model.diffusion.prediction === 'velocity') return replayVelocity(fields, file, converted);
  const checks = [...(await checkEmbedding(file, converted)), await checkRows('out', '', file, converted)];
  const recorded = file.matching(/^cfg\.out\.(.+)$/);
  for (const scale of fields.has('cfg_scales') ? fields.numbers('cfg_scales') : []) {
    const found = recorded.find(({ groups }) => Number(groups[0]) === scale);
    if (!found) throw new GoldenDataError(`${file.path} has no result for cfg ${scale}.`);
    checks.push(...(await checkGuided(found.name, scale, file, converted)));
  }
  return checks;
}

/**
 * A head that predicts the velocity: `v` [n, C], and `cfg.v.SCALE` [h, C] of `cfg.x` and `cfg.z` [2h, D], whose first rows are
 * the unconditional ones.
 */
async function replayVelocity(
  fields: JsonFields,
  file: GoldenTensors,
  converted: ConvertedMar,
): Promise<readonly Check[]> {
  const { model } = converted;
  const { channels } = model.shape;
  const width = model.manifest.widths.decoder;
  const t = file.get('t', [undefined]).data;
  const x = rowsOf(file.get('x', [t.length, channels]));
  const z = rowsOf(file.get('z', [t.length, width]));
  const own = await headRows({ t, x, z }, converted);
  const checks = [
    ...(await checkEmbedding(file, converted)),
    compare('v', own.flat(), file.get('v', [t.length, channels]).data, TOLERANCES.conditions),
  ];
  const times = file.get('cfg.t', [undefined]).data;
  const tokens = rowsOf(file.get('cfg.x', [times.length, channels]));
  const both = file.get('cfg.z', [2 * times.length, width]).data;
  const half = times.length * width;
  const conditions = recordedConditions(both.subarray(half), both.subarray(0, half), width);
  for (const scale of fields.has('cfg_scales') ? fields.numbers('cfg_scales') : []) {
    const found = file.matching(/^cfg\.v\.(.+)$/).find(({ groups }) => Number(groups[0]) === scale);
    if (!found) throw new GoldenDataError(`${file.path} has no result for cfg ${scale}.`);
    const guided = await guidedOutput(scale, { t: times, x: tokens }, conditions, converted);
    const tolerance = guidedTolerance(scale, TOLERANCES.conditions);
    checks.push(compare(found.name, guided.flat(), file.get(found.name).data, tolerance));
  }
  return checks;
}

async function checkEmbedding(file: GoldenTensors, { graphs }: ConvertedMar): Promise<readonly Check[]> {
  const { head } = graphs.manifest.widths;
  const t = file.get('t', [undefined]);
  const count = t.data.length;
  const { timeEmbed, sinusoid } = await graphs.embed(t.data);
  return [
    compare(
      'time_embedding',
      sinusoid,
      file.get('time_embedding', [count, undefined]).data,
      TOLERANCES.denoise,
    ),
    compare('time_embed', timeEmbed, file.get('time_embed', [count, head]).data, TOLERANCES.denoise),
  ];
}

async function checkRows(
  name: string,
  prefix: string,
  file: GoldenTensors,
  converted: ConvertedMar,
): Promise<Check> {
  const t = file.get(`${prefix}t`, [undefined]).data;
  const { channels } = converted.model.shape;
  const rows = await headRows(recordedRows(file, prefix, converted), converted);
  return compare(name, rows.flat(), file.get(name, [t.length, 2 * channels]).data, TOLERANCES.denoise);
}

/** What the head is run on, row by row. */
interface HeadInput {
  readonly t: Float32Array;
  readonly x: readonly Float32Array[];
  readonly z: readonly Float32Array[];
}

function recordedRows(file: GoldenTensors, prefix: string, { model }: ConvertedMar): HeadInput {
  const t = file.get(`${prefix}t`, [undefined]).data;
  return {
    t,
    x: rowsOf(file.get(`${prefix}x`, [t.length, model.shape.channels])),
    z: rowsOf(file.get(`${prefix}c`, [t.length, model.manifest.widths.decoder])),
  };
}

/** The head's rows; those of one timestep go through it together. */
async function headRows(
  { t, x, z }: HeadInput,
  { graphs }: ConvertedMar,
): Promise<readonly (readonly number[])[]> {
  const out: number[][] = [];
  for (const timestep of new Set(t)) {
    const members = [...t.keys()].filter((row) => t[row] === timestep);
    const conditions = Float32Array.from(members.flatMap((row) => [...z[row]!]));
    const { timeEmbed } = await graphs.embed(Float32Array.of(timestep));
    const zEmbed = await graphs.project(graphs.conditionRows(conditions), Int32Array.from(members.keys()));
    const tokens = Float32Array.from(members.flatMap((row) => [...x[row]!]));
    const output = await graphs.denoise(tokens, await graphs.modulate(timeEmbed, zEmbed), 0);
    const width = output.length / members.length;
    for (const [k, row] of members.entries()) out[row] = [...output.subarray(k * width, (k + 1) * width)];
  }
  return out;
}

/** Rows 0 … h − 1 are conditional and share their x with h … 2h − 1, the unconditional ones, whose own x is junk. */
async function checkGuided(
  name: string,
  scale: number,
  file: GoldenTensors,
  converted: ConvertedMar,
): Promise<readonly Check[]> {
  const { channels } = converted.model.shape;
  const { t, x, z } = recordedRows(file, 'cfg.', converted);
  const half = t.length / 2;
  const shared = x.slice(0, half);
  const own = await headRows({ t, x: [...shared, ...shared], z }, converted);
  const width = converted.model.manifest.widths.decoder;
  const c = file.get('cfg.c').data;
  const conditions = recordedConditions(c.subarray(0, half * width), c.subarray(half * width), width);
  const guided = await guidedOutput(scale, { t: t.subarray(0, half), x: shared }, conditions, converted);
  const expected = rowsOf(file.get(name, [t.length, 2 * channels]));
  const side = (rows: readonly Float32Array[], first: number) =>
    rows.flatMap((row) => [...row.subarray(first, first + channels)]);
  const ours = own.flatMap((row) => row.slice(channels));
  return [
    compare(`${name} ε`, [...guided, ...guided].flat(), side(expected, 0), guidedTolerance(scale)),
    compare(`${name} v`, ours, side(expected, channels), TOLERANCES.denoise),
  ];
}

/** The guided output as the model's own head loop makes it: a table of one step whose result is the output itself. */
async function guidedOutput(
  scale: number,
  { t, x }: Pick<HeadInput, 't' | 'x'>,
  conditions: ConditionRows,
  { model }: ConvertedMar,
): Promise<readonly (readonly number[])[]> {
  const guided: number[][] = [];
  for (const row of t.keys()) {
    const [tokens] = await model.sampleTokens({
      batch: [
        {
          conditions,
          rows: Uint32Array.of(row),
          positions: Uint32Array.of(row),
          guidanceScale: scale,
          noise: replayNoise((position) => x[position]!),
        },
      ],
      coefficients: { ...outputTable(t[row]!), prediction: model.diffusion.prediction },
      temperature: 1,
    });
    guided.push([...tokens!]);
  }
  return guided;
}

function outputTable(timestep: number): SamplerCoefficients {
  return {
    name: 'output',
    steps: [
      {
        timestep,
        xStart: { x: 0, output: -1 },
        update: { x: 0, xStart: 1, previousXStarts: [] },
        noise: { kind: 'none' },
      },
    ],
  };
}
