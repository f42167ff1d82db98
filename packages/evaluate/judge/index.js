/** The judge's folder, a file: URL on Node and an http(s): one behind a bundler that serves assets. */
export const judgeFolder = new URL('./', import.meta.url);
