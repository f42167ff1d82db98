/**
 * The folder of the network of scenes, a file: URL on Node and an http(s): one on a page that is not bundled. A bundler leaves
 * its files behind: copy them to where your site serves files as they are.
 */
export const sceneNetworkFolder = new URL('./', import.meta.url);
