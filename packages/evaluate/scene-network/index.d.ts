/** The folder of the network of scenes: `feature-network.json`, `feature-network.onnx`, `reference.bin` and `prompts.json`. */
export declare const sceneNetworkFolder: URL;
