import { readFile } from 'node:fs/promises';

/** What tools/train wrote about a feature network's training. */
export interface TrainingRecord {
  readonly steps: number;
  readonly pictures: number;
  /** Kind of damage → share of damaged held-out pictures in which the network sees it. */
  readonly recognised: Readonly<Record<string, number>>;
}

/** What a training wrote of itself into report.json; earlier ones left the steps to their curve. */
interface Reported {
  readonly steps?: number;
  readonly samples?: number;
  readonly damages: Readonly<Record<string, number>>;
}

/**
 * Reads the record from a workplace of tools/train. The curve's last line is some seconds older than the checkpoint, so it
 * counts only where the report doesn't give the steps.
 *
 * @param curve `judge.curve.jsonl`
 * @param report `report.json`
 */
export async function readTrainingRecord(curve: string, report: string): Promise<TrainingRecord> {
  const { judge } = JSON.parse(await readFile(report, 'utf8')) as { judge: Reported };
  const { none: _, ...recognised } = judge.damages;
  const { steps, samples: pictures } = judge;
  if (steps !== undefined && pictures !== undefined) return { steps, pictures, recognised };
  const lines = (await readFile(curve, 'utf8')).trimEnd().split('\n');
  const last = JSON.parse(lines.at(-1)!) as { step: number; samples: number };
  return { steps: last.step, pictures: last.samples, recognised };
}
