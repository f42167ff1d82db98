/** The page's own style, beside that of its plots. */
export const PAGE_STYLE = `
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 3rem clamp(1rem, 4vw, 2.5rem) 4rem; max-width: 74rem;
  background: var(--paper); color: var(--ink); line-height: 1.5;
  font: 16px/1.5 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
h1 { font-size: clamp(1.6rem, 4.5vw, 2.3rem); line-height: 1.15; letter-spacing: -0.02em; margin: 0 0 0.5rem; text-wrap: balance; }
h2 { font-size: 1.2rem; letter-spacing: -0.01em; margin: 3rem 0 0.4rem; }
h3 { font-size: 1rem; margin: 1.5rem 0 0.4rem; overflow-wrap: anywhere; }
p { margin: 0.4rem 0; max-width: 46rem; }
.facts, .soft, figcaption { color: var(--ink-soft); }
.facts { margin-bottom: 1.5rem; }
.findings { margin: 1.2rem 0 0; padding: 0; list-style: none; max-width: 50rem; }
.findings li { padding: 0.45rem 0 0.45rem 0.9rem; border-left: 3px solid var(--verdict); margin-bottom: 0.5rem; overflow-wrap: anywhere; }
.wide { overflow-x: auto; margin: 1.2rem 0; border: 1px solid var(--line); border-radius: 10px; background: var(--surface); }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.55rem 0.6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child > *, tfoot tr:last-child > * { border-bottom: 0; }
thead th { font-weight: 500; color: var(--ink-soft); }
th:first-child { text-align: left; position: sticky; left: 0; background: var(--surface); white-space: normal; min-width: 13rem; }
tbody th { font-weight: 600; overflow-wrap: anywhere; }
tfoot tr:first-child > * { border-top: 1px solid var(--line-strong); }
tfoot * { color: var(--ink-soft); font-weight: 400; }
.small { display: block; font-size: 0.78rem; font-weight: 400; color: var(--ink-soft); }
.key { display: inline-grid; place-items: center; width: 1.35rem; height: 1.35rem; margin-right: 0.45rem; border: 1.5px solid var(--verdict); border-radius: 50%; color: var(--verdict); font-size: 0.7rem; font-weight: 600; }
.word { color: var(--verdict); font-weight: 600; }
.panel { margin: 1rem 0; padding: 1rem; border: 1px solid var(--line); border-radius: 10px; background: var(--surface); }
.panel + .panel { margin-top: 0.8rem; }
.panel h3 { margin-top: 0; }
.when-narrow { display: none; }
.pictures { display: grid; grid-template-columns: repeat(12, 1fr); gap: 4px; }
.pictures img { display: block; width: 100%; height: auto; border-radius: 4px; background: var(--band); }
.pictures span { font-size: 0.7rem; color: var(--ink-soft); text-align: center; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
details { margin: 4px 0 0; }
summary { cursor: pointer; padding: 0.3rem 0; font-size: 0.85rem; color: var(--ink-soft); width: fit-content; }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: 0.35rem 1.2rem; max-width: 52rem; }
dt { font-weight: 600; }
dd { margin: 0; overflow-wrap: anywhere; }
pre { padding: 0.9rem 1rem; border: 1px solid var(--line); border-radius: 10px; background: var(--surface); white-space: pre-wrap; overflow-wrap: anywhere; font: 0.85rem/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
:focus-visible { outline: 2px solid var(--same); outline-offset: 2px; }
@media (max-width: 46rem) {
  .when-wide { display: none; }
  .when-narrow { display: block; }
  .pictures { grid-template-columns: repeat(6, 1fr); }
  th:first-child { min-width: 8.5rem; }
  .panel { padding: 0.8rem 0.5rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: 0.6rem; }
}
@media print { body { max-width: none; padding: 0; } .wide { overflow: visible; } }
`;
