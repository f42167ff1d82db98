import { readFile } from 'node:fs/promises';

/** What tools/train wrote about a judge's training. */
export interface TrainingRecord {
  readonly steps: number;
  readonly pictures: number;
  /** Kind of damage → share of damaged held-out pictures in which the judge sees it. */
  readonly recognised: Readonly<Record<string, number>>;
}

/**
 * Reads the record from a workplace of tools/train.
 *
 * @param curve `judge.curve.jsonl`
 * @param report `report.json`
 */
export async function readTrainingRecord(curve: string, report: string): Promise<TrainingRecord> {
  const lines = (await readFile(curve, 'utf8')).trimEnd().split('\n');
  const { step, samples } = JSON.parse(lines.at(-1)!) as { step: number; samples: number };
  const { judge } = JSON.parse(await readFile(report, 'utf8')) as {
    judge: { damages: Record<string, number> };
  };
  const { none: _, ...recognised } = judge.damages;
  return { steps: step, pictures: samples, recognised };
}
