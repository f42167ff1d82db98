import type { SamplerCoefficients } from '@tessera/core/diffusion';
import { replayNoise } from '@tessera/core/model';
import { type Check, compare } from '../compare.js';
import type { ConvertedMar } from '../converted-models.js';
import type { GoldenCase } from '../golden-case.js';
import { GoldenDataError } from '../golden-data-error.js';
import { type GoldenTensors, rowsOf } from '../golden-files.js';
import { recordedConditions } from '../recorded-conditions.js';
import { guidedTolerance, TOLERANCES } from '../tolerances.js';

/**
 * The head: `out` [n, 2C] of each row's own timestep, the parts of its time embedding, and `cfg.out.SCALE`, where ε is
 * guided and alike in both halves and v is each half's own.
 */
export async function replayDenoise({ fields, tensors, mar }: GoldenCase): Promise<readonly Check[]> {
  const file = await tensors(fields.text('file'));
  const converted = await mar();
  const checks = [...(await checkEmbedding(file, converted)), await checkRows('out', '', file, converted)];
  const recorded = file.matching(/^cfg\.out\.(.+)$/);
  for (const scale of fields.has('cfg_scales') ? fields.numbers('cfg_scales') : []) {
    const found = recorded.find(({ groups }) => Number(groups[0]) === scale);
    if (!found) throw new GoldenDataError(`${file.path} has no result for cfg ${scale}.`);
    checks.push(...(await checkGuided(found.name, scale, file, converted)));
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
  const rows = await headRows(file, prefix, [...t.keys()], [...t.keys()], converted);
  return compare(name, rows.flat(), file.get(name, [t.length, 2 * channels]).data, TOLERANCES.denoise);
}

/** [ε | v] of rows of `x` under rows of `c`; those of one timestep go through the head together. */
async function headRows(
  file: GoldenTensors,
  prefix: string,
  xRows: readonly number[],
  cRows: readonly number[],
  { graphs, model }: ConvertedMar,
): Promise<readonly (readonly number[])[]> {
  const { channels } = model.shape;
  const t = file.get(`${prefix}t`, [undefined]).data;
  const x = rowsOf(file.get(`${prefix}x`, [t.length, channels]));
  const c = rowsOf(file.get(`${prefix}c`, [t.length, graphs.manifest.widths.decoder]));
  const out: number[][] = [];
  for (const timestep of new Set(cRows.map((row) => t[row]!))) {
    const members = [...cRows.keys()].filter((i) => t[cRows[i]!] === timestep);
    const z = Float32Array.from(members.flatMap((i) => [...c[cRows[i]!]!]));
    const { timeEmbed } = await graphs.embed(Float32Array.of(timestep));
    const zEmbed = await graphs.project(graphs.conditionRows(z), Int32Array.from(members.keys()));
    const tokens = Float32Array.from(members.flatMap((i) => [...x[xRows[i]!]!]));
    const output = await graphs.denoise(tokens, await graphs.modulate(timeEmbed, zEmbed), 0);
    for (const [k, i] of members.entries()) {
      out[i] = [...output.subarray(k * 2 * channels, (k + 1) * 2 * channels)];
    }
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
  const t = file.get('cfg.t', [undefined]).data;
  const half = t.length / 2;
  const conditional = Array.from({ length: half }, (_, row) => row);
  const both = [...conditional, ...conditional];
  const own = await headRows(file, 'cfg.', both, [...t.keys()], converted);
  const guided = await guidedEpsilon(scale, file, half, converted);
  const expected = rowsOf(file.get(name, [t.length, 2 * channels]));
  const side = (rows: readonly Float32Array[], first: number) =>
    rows.flatMap((row) => [...row.subarray(first, first + channels)]);
  const ours = own.flatMap((row) => row.slice(channels));
  return [
    compare(`${name} ε`, [...guided, ...guided].flat(), side(expected, 0), guidedTolerance(scale)),
    compare(`${name} v`, ours, side(expected, channels), TOLERANCES.denoise),
  ];
}

/** Guided ε as the model's own head loop makes it: a table of one step whose result is ε itself. */
async function guidedEpsilon(
  scale: number,
  file: GoldenTensors,
  half: number,
  { model }: ConvertedMar,
): Promise<readonly (readonly number[])[]> {
  const t = file.get('cfg.t').data;
  const x = rowsOf(file.get('cfg.x', [t.length, model.shape.channels]));
  const width = model.manifest.widths.decoder;
  const c = file.get('cfg.c', [t.length, width]).data;
  const conditions = recordedConditions(c.subarray(0, half * width), c.subarray(half * width), width);
  const guided: number[][] = [];
  for (let row = 0; row < half; row++) {
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
      coefficients: epsilonTable(t[row]!),
      temperature: 1,
    });
    guided.push([...tokens!]);
  }
  return guided;
}

function epsilonTable(timestep: number): SamplerCoefficients {
  return {
    name: 'ε',
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
