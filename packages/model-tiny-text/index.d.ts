/**
 * The model folder (`mar.json` and its graphs): pass it to `loadModel`, on Node or on a page that is not bundled. A bundler
 * leaves its files behind: copy them to where your site serves files as they are.
 */
export declare const modelFolder: URL;
