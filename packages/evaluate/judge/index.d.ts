/** The folder of the judge: `judge.json`, `judge.onnx` and `reference.bin`. */
export declare const judgeFolder: URL;
