import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readTrainingRecord } from './training-record.js';

const damages = { none: 0.9, blur: 0.8 };

async function recordOf(judge: object): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-record-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [curve, report] = [join(folder, 'curve.jsonl'), join(folder, 'report.json')];
  await writeFile(curve, '{"step": 90, "samples": 4320}\n{"step": 95, "samples": 4560}\n');
  await writeFile(report, JSON.stringify({ judge }));
  return readTrainingRecord(curve, report);
}

test('steps are those that the training reported, not those of the last line that it logged', async () => {
  expect(await recordOf({ damages, steps: 100, samples: 4800 })).toEqual({
    steps: 100,
    pictures: 4800,
    recognised: { blur: 0.8 },
  });
});

test('an older report leaves them to the curve', async () => {
  expect(await recordOf({ damages })).toEqual({ steps: 95, pictures: 4560, recognised: { blur: 0.8 } });
});
