import { type FeatureNetwork, onnxNetwork, parseFeatureNetwork } from '@tessera/evaluate';
import { answerCalls, type Port } from '@tessera/onnx';
import * as ort from 'onnxruntime-web/wasm';
import type { SceneCalls } from './scene-calls.js';
import { sceneReport } from './scene-report.js';

const port: Port = {
  send: (message) => postMessage(message),
  listen: (listener) => addEventListener('message', ({ data }) => listener(data)),
};

let loading: ReturnType<typeof load> | undefined;

async function load({ folder, wasmPaths }: Pick<SceneCalls['look']['arguments'], 'folder' | 'wasmPaths'>) {
  ort.env.logLevel = 'fatal';
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = wasmPaths;
  const fetched = async (name: string): Promise<Response> => {
    const response = await fetch(new URL(name, folder));
    if (!response.ok) throw new Error(`${response.url}: the server answers ${response.status}.`);
    return response;
  };
  const { graph, network } = parseFeatureNetwork(await (await fetched('feature-network.json')).text());
  const session = await ort.InferenceSession.create(await (await fetched(graph.path)).arrayBuffer(), {
    executionProviders: ['wasm'],
  });
  const scenes: FeatureNetwork = onnxNetwork({ session, Tensor: ort.Tensor, description: network });
  return { scenes, known: network.cells! };
}

answerCalls<SceneCalls>(port, {
  async look({ prompt, images, ...files }) {
    loading ??= load(files);
    try {
      const { scenes, known } = await loading;
      const { things = [] } = await scenes.extract(images);
      return things.map((found) => sceneReport(prompt, found, known));
    } catch (error) {
      // The next call tries again.
      loading = undefined;
      throw error;
    }
  },
});
