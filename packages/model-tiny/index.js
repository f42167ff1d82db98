/** The model folder, a file: URL on Node and an http(s): one behind a bundler that serves assets. */
export const modelFolder = new URL('./model/', import.meta.url);
