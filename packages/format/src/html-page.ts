/** As text, or as bytes read by Latin-1, in which a byte order mark is three characters. */
const HTML = /^(\u00ef\u00bb\u00bf)?\s*<(!doctype|html|!--)/i;

/** Whether a file begins as an HTML page: what many servers answer where they do not have the file asked for. */
export function isHtml(beginning: string | Uint8Array): boolean {
  const text = typeof beginning === 'string' ? beginning : String.fromCharCode(...beginning.subarray(0, 128));
  return HTML.test(text);
}
