import type { OpenApiDocument } from './open-api.js';

const escaped = (text: unknown): string => `${text}`.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

interface Field {
  readonly description?: string;
  readonly default?: unknown;
  /** Of a field that may be null. */
  readonly anyOf?: readonly Field[];
}

/**
 * A page that shows the API, without a script or anything from elsewhere.
 *
 * @param origin where the server is reached
 */
export function apiPage(document: OpenApiDocument, origin: string): string {
  const base = document.servers[0]!.url.replace(/\/$/, '');
  const sections = Object.entries(document.paths).map(([path, methods]) => {
    const [method = '', operation] = Object.entries(methods)[0]!;
    const { summary, requestBody } = operation;
    const fields = Object.values(requestBody?.content ?? {}).flatMap(({ schema }) =>
      Object.entries(schema.properties ?? {}),
    );
    const rows = fields.map(([name, field]) => {
      const { anyOf = [], default: usual, ...own } = field as Field;
      const { description = '' } = [own, ...anyOf].find((each) => each.description) ?? {};
      const shown = usual === undefined ? '' : `<code>${escaped(usual)}</code>`;
      return `<tr><td><code>${escaped(name)}</code><td>${escaped(description)}<td>${shown}`;
    });
    const table = rows.length > 0 ? `<table><tr><th>field<th><th>default${rows.join('')}</table>` : '';
    return `<h2><code>${method.toUpperCase()} ${escaped(base + path)}</code></h2><p>${escaped(summary)}</p>${table}`;
  });
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(document.info.title)}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; width: 100% } th { text-align: left } td, th { padding: .2rem .8rem .2rem 0; vertical-align: top; border-bottom: 1px solid #ddd }
h2 { margin-top: 2.5rem; font-size: 1.1rem } pre { background: #f4f4f4; padding: 1rem; overflow: auto }
</style>
<h1>${escaped(document.info.title)}</h1>
<p>${escaped(document.info.description)} The whole as <a href="${base}/openapi.json">OpenAPI</a>.</p>
<pre>curl ${escaped(origin + base)}/v1/images/generations -H 'content-type: application/json' \\
  -d '{"prompt": "cat", "seed": 1}'</pre>
${sections.join('\n')}
</html>
`;
}
