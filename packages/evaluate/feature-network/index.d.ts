/** The folder of the feature network: `feature-network.json`, `feature-network.onnx` and `reference.bin`. */
export declare const featureNetworkFolder: URL;
