import { type Comparison, verdictOf } from '@tessera/evaluate';
import { parseSpec, resolveSampling } from '@tessera/format';
import type { EvaluationDocument } from '../evaluation-document.js';
import { FAKE_MANIFEST } from './fake-loaded-model.js';

function arm(
  name: string,
  seconds: number,
  frechet: number,
  kid: number,
): EvaluationDocument['arms'][number] {
  return {
    name,
    description: resolveSampling(parseSpec(name), FAKE_MANIFEST.sampling),
    secondsPerImage: { lower: seconds * 0.97, median: seconds, upper: seconds * 1.05 },
    speedup: { lower: 2.1 / seconds, median: 2.2 / seconds, upper: 2.3 / seconds },
    headEvaluations: 25600,
    passes: 128,
    metrics: {
      frechet: { value: frechet, low: frechet - 0.22, high: frechet + 0.25 },
      kid: { value: kid, low: kid - 0.0011, high: kid + 0.0013 },
      precision: 0.84,
      recall: 0.71,
      classAccuracy: 0.987,
      diversity: 0.91,
      damages: { none: 0.95, blur: 0.021, 'swapped tokens': 0.029 },
    },
  };
}

/** The same, undecided, better and worse. */
const DIFFERENCES = {
  'gtr-32': { value: 0.12, low: -0.1, high: 0.31 },
  'gtr-16': { value: 0.4, low: -0.05, high: 0.84 },
  'disa:32x30+5': { value: -0.9, low: -1.3, high: -0.6 },
  'mar:16x50/sampler=dpm/guidance=interval:3:0-0.5': { value: 14.2, low: 13.6, high: 15 },
} as const;

const SCALE = { frechet: 1, kid: 0.004 } as const;

/** A report of five variants as one may come out, with each of the verdicts. */
export const SAMPLE_EVALUATION: EvaluationDocument = {
  format: 'tessera-evaluation',
  version: 1,
  n: 1200,
  classes: 12,
  seed: 1,
  network: { name: 'tessera-judge', width: 128, key: '1fcf71765a90' },
  reference: {
    name: 'held-out renders',
    count: 6000,
    key: '3fa9b2c41d05',
    classAccuracy: 0.999,
    damages: { none: 0.98, blur: 0.01, 'swapped tokens': 0.01 },
  },
  resamples: 1000,
  confidence: 0.95,
  margins: { frechet: 0.4, kid: 0.0016 },
  floors: {
    count: 1200,
    splits: 10,
    frechet: { mean: 1.02, spread: 0.05 },
    kid: { mean: 0.00001, spread: 0.0002 },
    precision: { mean: 0.89, spread: 0.01 },
    recall: { mean: 0.9, spread: 0.01 },
  },
  arms: [
    arm('mar', 2.2, 2.91, 0.0071),
    arm('gtr-32', 0.81, 3.03, 0.0075),
    arm('gtr-16', 0.62, 3.31, 0.009),
    arm('disa:32x30+5', 0.74, 2.01, 0.0035),
    arm('mar:16x50/sampler=dpm/guidance=interval:3:0-0.5', 0.48, 17.1, 0.064),
  ],
  comparisons: Object.entries(DIFFERENCES).flatMap(([name, { value, low, high }]) =>
    (['frechet', 'kid'] as const).map((metric): Comparison => {
      const scale = SCALE[metric];
      const difference = { value: value * scale, low: low * scale, high: high * scale };
      const margin = 0.4 * scale;
      const verdict = verdictOf(difference, margin);
      return { arm: name, against: 'mar', metric, difference, margin, verdict };
    }),
  ),
  model: { name: 'tiny', location: 'embedded', sha256: 'ab'.repeat(32) },
  made: {
    device: 'cpu',
    dtype: 'fp16',
    versions: { tessera: ['0.1.0'], node: ['20.20.0'], 'onnxruntime-node': ['1.30.0'] },
    threads: [2],
    machines: [{ processor: 'Some Processor', cores: 2 }],
    measuredWith: { tessera: '0.1.0', node: '20.20.0', 'onnxruntime-node': '1.30.0' },
    batch: 12,
    together: true,
  },
  changes: [],
  command: 'tessera evaluate --policies mar,gtr-32,gtr-16 --n 1200 --seed 1',
};
