import { run } from '@tessera/cli';
import { exampleManifest } from '@tessera/format/testing';
import { fakeLoadedModel } from '@tessera/onnx/testing';
import type { Device } from '@tessera/runtime-node';

// The command, whose every model is one of arithmetic: 8 × 8 tokens of a pixel each.
const { stdout, stderr, env, argv } = process;
process.exitCode = await run(
  argv.slice(2),
  { stdout, stderr, env, signal: new AbortController().signal },
  {
    loadModel: async () =>
      fakeLoadedModel<Device>({
        ...exampleManifest(),
        grid: { height: 8, width: 8, channels: 3 },
        latents: { channels: 3, patchSize: 1, scale: 1, stride: 1 },
      }),
  },
);
