/** As text, or as bytes read by Latin-1, in which a byte order mark is three characters. */
const HTML = /^(\u00ef\u00bb\u00bf)?\s*<(!doctype|html|!--)/i;

/** Whether a file begins as an HTML page. Many servers answer a missing file with one. */
export function isHtml(beginning: string | Uint8Array): boolean {
  return HTML.test(beginningText(beginning));
}

/** What a file is instead of a model's, and what to do, as a sentence; undefined where nothing is known against it. */
export function foreignContent(beginning: string | Uint8Array): string | undefined {
  if (isHtml(beginning)) {
    return 'this is an HTML page: the server answered a missing file with its index page, or asks for a login. Check the address of the model folder; a site of your own must serve the folder as it is (with Vite: from public/).';
  }
  if (beginningText(beginning).startsWith('version https://git-lfs.github.com/spec/')) {
    return 'this is a Git LFS pointer, not the file that it stands for. Run `git lfs pull` where the folder was cloned, or use an address that serves the files themselves (on Hugging Face: /resolve/ in place of /raw/).';
  }
  return undefined;
}

function beginningText(beginning: string | Uint8Array): string {
  return typeof beginning === 'string' ? beginning : String.fromCharCode(...beginning.subarray(0, 128));
}
