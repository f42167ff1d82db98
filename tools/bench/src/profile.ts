import { createReadStream } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { generateImages } from '@tessera/core';
import { proxyModel } from '@tessera/core/model';
import { textTable } from '@tessera/evaluation-report/display';
import { parseManifest } from '@tessera/format';
import { type GraphSessions, MarModel, modelGraphs } from '@tessera/onnx';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { EMPTY_PICTURE } from './measure.js';
import type { BenchVariant } from './variants.js';

/** An event of onnxruntime's profile, the part that is used. Durations in microseconds. */
export interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

export interface OperatorTime {
  readonly operator: string;
  readonly calls: number;
  readonly milliseconds: number;
}

/** Time by operator, the longest first, from a session's profile. */
export function timeByOperator(events: readonly ProfileEvent[]): OperatorTime[] {
  const totals = new Map<string, { calls: number; milliseconds: number }>();
  for (const { cat, name, dur, args } of events) {
    if (cat !== 'Node' || !name.endsWith('_kernel_time') || !args?.op_name) continue;
    const total = totals.get(args.op_name) ?? { calls: 0, milliseconds: 0 };
    total.calls++;
    total.milliseconds += dur / 1000;
    totals.set(args.op_name, total);
  }
  return [...totals]
    .map(([operator, total]) => ({ operator, ...total }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
}

/** Draws one image's tokens with onnxruntime's profiler on, and tells where each graph's time went. */
export async function profileVariant(folder: string, arm: BenchVariant, threads: number): Promise<string> {
  const profiles = await mkdtemp(join(tmpdir(), 'tessera-profile-'));
  const manifest = parseManifest(await readFile(join(folder, 'mar.json'), 'utf8'));
  const { components } = manifest.variants[0]!;
  const sessions: Record<string, InferenceSession> = {};
  try {
    for (const [name, component] of Object.entries(components)) {
      if (!component || name === 'decoder' || name === 'encoder') continue;
      sessions[name] = await InferenceSession.create(join(folder, component.path), {
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        extra: { session: { intra_op: { allow_spinning: '0' } } },
        enableProfiling: true,
        profileFilePrefix: join(profiles, name),
      });
    }
    const model = new MarModel(modelGraphs(manifest, sessions as GraphSessions, Tensor));
    const began = performance.now();
    await generateImages({
      model: proxyModel(model, { decode: async (grids) => grids.map(() => EMPTY_PICTURE) }),
      requests: [{ seed: 0, input: { classLabel: 0 } }],
      policy: arm.policy,
    });
    const wall = performance.now() - began;
    const statistics = await model.runStatistics();
    const parts = [`${arm.name}: ${(wall / 1000).toFixed(2)} s (the profiler itself takes some of it)`];
    for (const [name, session] of Object.entries(sessions)) {
      session.endProfiling();
      const { runs, milliseconds } = statistics[name as keyof typeof statistics]!;
      parts.push('', `${name}: ${runs} runs, ${milliseconds.toFixed(0)} ms`);
      parts.push(operatorTable(timeByOperator(await readProfile(profiles, name)), milliseconds));
    }
    return parts.join('\n');
  } finally {
    await Promise.all(Object.values(sessions).map((session) => session.release()));
    await rm(profiles, { recursive: true, force: true });
  }
}

function operatorTable(times: readonly OperatorTime[], milliseconds: number): string {
  const kernels = times.reduce((sum, time) => sum + time.milliseconds, 0);
  const rows = [
    ...times,
    { operator: '(between operators)', calls: 0, milliseconds: milliseconds - kernels },
  ];
  const table = [
    ['operator', 'calls', 'ms', 'share'],
    ...rows.map((row) => [
      row.operator,
      String(row.calls),
      row.milliseconds.toFixed(1),
      `${((100 * row.milliseconds) / milliseconds).toFixed(1)} %`,
    ]),
  ];
  return textTable(table, [false, true, true, true]).join('\n');
}

/**
 * Reads a profile event by event: of a long run it is larger than a string can be. onnxruntime writes an event a line, and
 * adds the time of day to the file's prefix.
 */
async function readProfile(folder: string, prefix: string): Promise<ProfileEvent[]> {
  const file = (await readdir(folder)).find((name) => name.startsWith(`${prefix}_`))!;
  const events: ProfileEvent[] = [];
  for await (const line of createInterface({ input: createReadStream(join(folder, file)) })) {
    const text = line.trim().replace(/,$/, '');
    if (!text.startsWith('{')) continue;
    const { cat, name, dur, args } = JSON.parse(text) as ProfileEvent;
    if (cat === 'Node') events.push({ cat, name, dur, args: { op_name: args?.op_name ?? '' } });
  }
  return events;
}
