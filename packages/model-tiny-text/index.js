/**
 * The model folder, a file: URL on Node and an http(s): one on a page that is not bundled. A bundler leaves its files behind:
 * copy them to where your site serves files as they are.
 */
export const modelFolder = new URL('./model/', import.meta.url);
