import { percent } from '../display/number-text.js';
import { machinesText, threadsText, timingText, versionsText } from '../environment.js';
import { type EvaluationDocument, networkText } from '../evaluation-document.js';
import { askedHead, baselineExcessText } from '../report-table.js';
import { tickText } from './axis.js';
import { type Markup, markup } from './markup.js';

/** What the numbers mean. */
export function meaningSection(document: EvaluationDocument): Markup {
  const { n, confidence, resamples, margins, arms, timing, skills } = document;
  const group = skills ? 'skill' : 'class';
  const sure = percent(confidence, 0);
  const first = arms[0]?.name ?? '';
  const [seconds, speed] =
    timing === undefined
      ? ['Seconds to draw a picture, median and quartiles over batches.', 'over batches, which take turns']
      : [
          `Seconds to draw a picture alone, median and quartiles over ${timing.pictures} pictures.`,
          'over the same pictures, which the variants draw in turn',
        ];
  return markup`<h2>What the numbers mean</h2>
<dl>
<dt>s/image</dt><dd>${seconds}</dd>
<dt>speed</dt><dd>How many times as fast as ${first}: median ${speed}.</dd>
<dt>Fréchet</dt><dd>Distance between the variant’s pictures and real ones, taken as two clouds in the network’s features; less is better, and the floor is what real pictures score against all others: ${baselineExcessText(document)} more than a perfect sampler, which is held against all of them. The range below it holds, in ${sure} of evaluations like this one, what ${n} pictures of the variant score on average.</dd>
<dt>KID</dt><dd>The same question asked with a kernel, without assuming a shape of the clouds; real pictures score 0 on average.</dd>
<dt>precision</dt><dd>Share of pictures that lie among the real ones: how believable they are.</dd>
<dt>recall</dt><dd>Share of real pictures that lie among the variant’s: how much of the variety is reached.</dd>
<dt>${askedHead(document)}</dt><dd>Share of pictures that show what was asked for, as the network sees it.</dd>
<dt>diversity</dt><dd>How much pictures of one ${group} differ from each other; real ones are 100 %.</dd>
<dt>verdict</dt><dd>From the interval of the difference to ${first} in Fréchet distance: ${margins.frechet !== null && markup`<em>same</em> if it lies within the margin of ±${tickText(margins.frechet)}; else `}<em>better</em> or <em>worse</em> if it lies on one side of zero, and <em>undecided</em> otherwise. ${margins.recall !== undefined && `Recall${skills ? ' or score' : ''} that is worse makes it worse, and one that may be lower by more than its margin leaves it undecided. `}Pictures of the same number share ${skills ? 'prompt' : 'class'} and noise in all variants, and ${resamples} resamples draw the same numbers from each, so what is common to them cancels.</dd>
</dl>`;
}

/** Of what, with what and how it was measured, and how to do it again. */
export function setupSection({
  model,
  made,
  timing,
  n,
  seed,
  network,
  reference,
  command,
  skills,
}: EvaluationDocument): Markup {
  const { device, dtype, batch, measuredWith } = made;
  const drew = versionsText(made.versions);
  const measured = versionsText(measuredWith);
  return markup`<h2>What was measured on what</h2>
<dl>
<dt>model</dt><dd>${model.name} (${model.location}), SHA-256 ${model.sha256.slice(0, 12)}…</dd>
<dt>pictures</dt><dd>${n} a variant, seed ${seed}: picture <em>k</em> shows ${skills ? markup`the <em>k</em>-th prompt that comes with the network` : markup`class <em>k</em> modulo the number of classes`}</dd>
<dt>network</dt><dd>${networkText(network)}; ${network.width} features</dd>
<dt>real pictures</dt><dd>${reference.name}; ${reference.count} pictures</dd>
<dt>drawn on</dt><dd>${machinesText(made)}; ${device}, ${threadsText(made)}, weights in ${dtype}, ${batch} pictures at once</dd>
${timing && markup`<dt>times</dt><dd>${timingText(timing)}</dd>`}
<dt>versions</dt><dd>${drew}${measured !== drew && `; measured with ${measured}`}</dd>
</dl>
<h2>Do it again</h2>
<pre>${command}</pre>`;
}
