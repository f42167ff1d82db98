import { secondsText, signed } from '../display/number-text.js';
import { linearAxis, logAxis, plotGrid, px } from '../page/axis.js';
import { type Markup, markup } from '../page/markup.js';
import type { TunedCandidate, Tuning } from './tune.js';

const WIDTH = 920;
const HEIGHT = 460;
const FRAME = { left: 56, right: WIDTH - 20, top: 34, bottom: HEIGHT - 48 } as const;

interface Point {
  readonly spec: string;
  readonly seconds: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Of all pictures that the longest-lived candidate has: how sure it is. */
  readonly share: number;
  readonly kind: 'same' | 'better' | 'worse' | 'undecided' | 'baseline';
}

/**
 * Seconds an image, on a logarithmic axis, against quality: the difference to the reference in Fréchet distance, less being better,
 * or agreement with it. Discs of candidates that went out early are small; the winner's is full.
 */
export function tunePlot(tuning: Tuning): Markup {
  const { reference, winner } = tuning;
  const byAgreement = tuning.candidates.some(({ agreement }) => agreement);
  const points = tuning.candidates.flatMap((candidate) => pointOf(candidate, tuning));
  const same = byAgreement ? 1 : 0;
  const seconds = [reference.secondsPerImage, ...points.map((point) => point.seconds)];
  const x = logAxis(Math.min(...seconds) / 1.2, Math.max(...seconds) * 1.2, [FRAME.left, FRAME.right]);
  // Those of few pictures may be far out, and would squeeze all others.
  const certain = points.filter(({ share }) => share > 0.2);
  const inside = [same, ...(certain.length > 1 ? certain : points).flatMap(({ low, high }) => [low, high])];
  const [least, most] = [Math.min(...inside), Math.max(...inside)];
  const pad = (most - least || 1) * 0.08;
  const y = linearAxis(least - pad, most + pad, [FRAME.bottom, FRAME.top], 6);
  const place = (value: number): number => px(Math.min(FRAME.bottom, Math.max(FRAME.top, y.at(value))));
  const title = byAgreement
    ? 'Agreement with the reference'
    : 'Difference in Fréchet distance to the reference';
  return markup`<svg class="plot" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Seconds an image against quality">
${plotGrid(x, y, FRAME)}
<line class="zero" x1="${FRAME.left}" x2="${FRAME.right}" y1="${place(same)}" y2="${place(same)}"/>
${points.map(
  (
    point,
  ) => markup`<g class="${point.kind}"><title>${point.spec}: ${secondsText(point.seconds)} s an image, ${signed(point.value, 2)}</title>
<line class="interval" stroke-opacity="${px(0.25 + 0.75 * point.share)}" x1="${px(x.at(point.seconds))}" x2="${px(x.at(point.seconds))}" y1="${place(point.low)}" y2="${place(point.high)}"/>
<circle class="${point.spec === winner ? 'dot' : 'disc'}" cx="${px(x.at(point.seconds))}" cy="${place(point.value)}" r="${px(2.5 + 4.5 * Math.sqrt(point.share))}"/></g>`,
)}
<g class="baseline"><title>${reference.spec}</title><circle class="dot" cx="${px(x.at(reference.secondsPerImage))}" cy="${place(same)}" r="7"/></g>
<text class="name" x="${px(x.at(reference.secondsPerImage))}" y="${place(same) - 14}" text-anchor="end">reference</text>
<text class="faint" x="${(FRAME.left + FRAME.right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">seconds an image, logarithmic · full disc: the winner · small discs: few pictures</text>
<text class="faint" x="0" y="14">${title}</text>
</svg>`;
}

function pointOf(candidate: TunedCandidate, { candidates }: Tuning): Point[] {
  const { spec, secondsPerImage: seconds, n, comparisons, agreement } = candidate;
  const share = n / Math.max(...candidates.map((each) => each.n), 1);
  if (agreement) {
    const { value, error } = agreement;
    return [
      {
        spec,
        seconds,
        value,
        low: value - 1.96 * error,
        high: value + 1.96 * error,
        share,
        kind: 'undecided',
      },
    ];
  }
  const distance = comparisons?.find(({ metric }) => metric === 'frechet');
  return distance ? [{ spec, seconds, ...distance.difference, share, kind: distance.verdict }] : [];
}
