import { isHtml } from '@tessera/format';

/** What a file is instead of a model's, and what to do, as a sentence; undefined where nothing is known against it. */
export function foreignContent(beginning: Uint8Array): string | undefined {
  if (isHtml(beginning)) {
    return 'this is an HTML page: the server answered a missing file with its index page, or asks for a login. Check the address of the model folder; a site of your own must serve the folder as it is (with Vite: from public/).';
  }
  const text = String.fromCharCode(...beginning.subarray(0, 64));
  if (text.startsWith('version https://git-lfs.github.com/spec/')) {
    return 'this is a Git LFS pointer, not the file that it stands for. Run `git lfs pull` where the folder was cloned, or use an address that serves the files themselves (on Hugging Face: /resolve/ in place of /raw/).';
  }
  return undefined;
}
