/**
 * Colours and type of the plots and of the page around them, for light and dark. Verdicts have colours that differ in
 * lightness too, and always their word beside.
 */
export const PLOT_STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fbfaf7; --surface: #ffffff; --line: #e3e1db; --line-strong: #8b8a86;
  --ink: #20222a; --ink-soft: #62646d; --band: #e9edf7;
  --better: #14763f; --same: #3355c4; --worse: #b3321f; --undecided: #85868e; --baseline: #20222a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14161c; --surface: #1b1e26; --line: #30343f; --line-strong: #7d818c;
    --ink: #eceae4; --ink-soft: #a5a8b2; --band: #252c42;
    --better: #5fc98a; --same: #8fa8ff; --worse: #f28b78; --undecided: #9a9ca6; --baseline: #eceae4;
  }
}
.plot { display: block; max-width: 100%; height: auto; font: 13px ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.plot text { fill: var(--ink); font-variant-numeric: tabular-nums; }
.plot .title { font-weight: 600; }
.plot .faint { fill: var(--ink-soft); font-size: 12px; }
.plot .number { fill: var(--ink-soft); }
.plot .grid { stroke: var(--line); }
.plot .zero { stroke: var(--line-strong); }
.plot .floor { stroke: var(--line-strong); stroke-dasharray: 2 4; stroke-width: 1.5; stroke-linecap: round; }
.plot .band { fill: var(--band); }
.better { --verdict: var(--better); }
.same { --verdict: var(--same); }
.worse { --verdict: var(--worse); }
.undecided { --verdict: var(--undecided); }
.baseline { --verdict: var(--baseline); }
.plot .interval { stroke: var(--verdict); stroke-width: 2.5; stroke-linecap: round; }
.plot .dot, .plot .arrow { fill: var(--verdict); }
.plot .curve { fill: none; stroke: var(--line-strong); stroke-width: 1.5; }
.plot .disc { fill: var(--surface); stroke: var(--verdict); stroke-width: 2; }
.plot .in-disc { font-size: 11px; font-weight: 600; fill: var(--verdict); }
.plot .verdict { fill: var(--verdict); font-weight: 600; }
`;
