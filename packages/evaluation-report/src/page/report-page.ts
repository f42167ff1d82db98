import type { ComparedMetric } from '@tessera/evaluate';
import { type EvaluationDocument, isTimed, networkText } from '../evaluation-document.js';
import { chanceNote, findingsOf, notesOf } from '../findings.js';
import { variantLines } from '../variant-lines.js';
import { forestPlot, metricName } from './forest-plot.js';
import { type Markup, markup, trusted } from './markup.js';
import { meaningSection, setupSection } from './notes-section.js';
import { PAGE_STYLE } from './page-style.js';
import { type PagePicture, pictureSection } from './picture-section.js';
import { PLOT_STYLE } from './plot-style.js';
import { speedQualityPlot } from './speed-quality-plot.js';
import { corruptionSection, skillSection, verdictTable } from './verdict-section.js';

export interface ReportPageParts {
  readonly document: EvaluationDocument;
  /** The first pictures of each variant. */
  readonly pictures: readonly (readonly PagePicture[])[];
}

const WIDE = 1020;
const NARROW = 340;

/** The report as one HTML file that needs nothing else: no script, no font, no other file. */
export function reportPage({ document, pictures }: ReportPageParts): string {
  const lines = variantLines(document);
  const { arms, n, seed, model, network, reference, comparisons } = document;
  const title =
    arms.length === 1 ? `${model.name}: ${arms[0]!.name}` : `${model.name}: ${arms.length} ways to sample it`;
  const compared = comparisons.filter(({ metric }) => metric === 'frechet');
  const timed = isTimed(document);
  const findings = findingsOf(document, { timed });
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${trusted(PLOT_STYLE)}${trusted(PAGE_STYLE)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p class="facts">${n} pictures of each variant, seed ${seed}, measured by ${networkText(network)}, against ${reference.count} real pictures.${lines.common && markup` In all: ${lines.common}.`}</p>
${findings.length > 0 && markup`<ul class="findings">${findings.map((finding, i) => markup`<li class="${compared[i]!.verdict}">${finding}</li>`)}</ul>`}
${notesOf(document).map((note) => markup`<p class="soft">${note}</p>`)}
${verdictTable(document, lines.own)}
${skillSection(document)}
${!timed && markup`<p class="soft">Not all variants were drawn in the same sessions, so their times are not to be compared and are left out.</p>`}
${compared.length > 0 && differences(document)}
${timed && markup`<h2>Speed and quality</h2><div class="panel">${atBothWidths((width) => speedQualityPlot(document, { width }))}</div>`}
${pictureSection(document, pictures)}
${corruptionSection(document)}
${meaningSection(document)}
${setupSection(document)}
</main>
</body>
</html>
`;
  return page.markup;
}

function differences(document: EvaluationDocument): Markup {
  const isSet = Object.values(document.margins).some((margin) => margin !== null);
  const metrics = [...new Set(document.comparisons.map(({ metric }) => metric))];
  const panel = (metric: ComparedMetric): Markup =>
    markup`<div class="panel"><h3>${metricName(metric)}</h3>${atBothWidths((width) => forestPlot(document, metric, { width }))}</div>`;
  const when =
    document.changes.length === 0 ? 'as it was set beforehand' : 'of which is told above what was changed';
  return markup`<h2>Differences</h2>
<p class="soft">Dots are the differences measured, lines their intervals${isSet && `, the band the margin, ${when}: what is no difference`}. ${chanceNote(document)}</p>
${metrics.map(panel)}`;
}

/** A plot's text keeps its size, so there is one for desks and one for phones. */
function atBothWidths(plot: (width: number) => Markup): Markup {
  return markup`<div class="when-wide">${plot(WIDE)}</div><div class="when-narrow">${plot(NARROW)}</div>`;
}
