import type { ComponentName } from '@tessera/format';
import { type GraphSession, type GraphSessions, MarGraphs, MarModel } from '@tessera/onnx';
import type { InferenceSession } from 'onnxruntime-web/wasm';
import type { Device } from './devices.js';
import type { EventLoopYielder } from './event-loop-yielder.js';
import type { ModelFolder } from './model-folder.js';
import type { OrtModule } from './ort.js';

/** Makes the sessions of a model, one after the other, so that one file at a time is in memory twice. */
export async function createModel(
  ort: OrtModule,
  folder: ModelFolder,
  device: Device,
  yielder: EventLoopYielder,
): Promise<MarModel> {
  const { manifest, dtype } = folder;
  const variant = manifest.variants.find((each) => each.dtype === dtype)!;
  const sessions: Record<string, GraphSession> = {};
  try {
    for (const [name, part] of Object.entries(variant.components)) {
      if (!part) continue;
      const externalData = [];
      for (const path of part.data ?? []) {
        externalData.push({ path: path.split('/').at(-1)!, data: await folder.read(path) });
      }
      const session = await ort.InferenceSession.create(await folder.read(part.path), {
        ...sessionOptions(name as ComponentName, device),
        ...(externalData.length > 0 ? { externalData } : {}),
      });
      sessions[name] = {
        async run(feeds, outputs) {
          await yielder.yieldIfDue();
          return session.run(feeds, outputs);
        },
        release: () => session.release(),
      };
      await yielder.yieldToEventLoop();
    }
    return new MarModel(new MarGraphs(manifest, sessions as GraphSessions, ort.Tensor));
  } catch (error) {
    await Promise.all(Object.values(sessions).map((session) => session.release()));
    throw error;
  }
}

/** Outputs that other graphs take: they stay on the GPU. z is read back where a refinement asks. */
const FED_BACK: { readonly [name in ComponentName]?: string } = {
  condition: 'z',
  project: 'z_embed',
  modulate: 'modulation',
};

/** `embed` always runs on the CPU: it takes the sine of large angles, which WGSL lets a GPU get wrong, and it is small. */
function sessionOptions(graph: ComponentName, device: Device): InferenceSession.SessionOptions {
  const onGpu = device === 'webgpu' && graph !== 'embed';
  const fedBack = FED_BACK[graph];
  return {
    executionProviders: [onGpu ? 'webgpu' : 'wasm'],
    graphOptimizationLevel: 'all',
    logSeverityLevel: 4,
    ...(onGpu && fedBack ? { preferredOutputLocation: { [fedBack]: 'gpu-buffer' } } : {}),
  };
}
