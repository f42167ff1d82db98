/** The model folder (`mar.json` and its graphs): pass it to `loadModel`. */
export declare const modelFolder: URL;
