import { type Capability, findAdapter, halfPrecision, isSoftware, type WebScope } from './gpu.js';
import { availableThreads } from './threads.js';

/** What this browser and this page can do. */
export interface Capabilities {
  readonly webgpu: Capability & {
    /** Vendor and architecture, as far as the browser tells. */
    readonly adapter?: string;
    /** Whether it is computed by the processor, which `auto` passes over. */
    readonly software: boolean;
    /** Half-precision arithmetic in shaders, which `precision: 'fp16'` of `loadModel` uses. */
    readonly f16: Capability;
  };
  /** CPU threads for WebAssembly, and what holds them at one. */
  readonly threads: { readonly count: number; readonly reason?: string };
  /** What threads need. */
  readonly crossOriginIsolated: Capability;
  /** Whether files can be kept for the next visit. */
  readonly storage: Capability;
}

/**
 * Says what this browser can do, on the page or in a worker. Loads nothing.
 *
 * @example
 * const { webgpu, threads } = await probe();
 */
export async function probe(scope: WebScope = globalThis as WebScope): Promise<Capabilities> {
  const adapter = await findAdapter(scope);
  const isolated = scope.crossOriginIsolated === true;
  return {
    webgpu: describeAdapter(adapter),
    threads: availableThreads(scope),
    crossOriginIsolated: isolated
      ? { available: true }
      : {
          available: false,
          reason:
            'The page was served without the headers Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.',
        },
    storage: scope.caches
      ? { available: true }
      : {
          available: false,
          reason:
            'The browser keeps files of secure pages only: serve this one over https, or from localhost.',
        },
  };
}

function describeAdapter(adapter: Awaited<ReturnType<typeof findAdapter>>): Capabilities['webgpu'] {
  if (typeof adapter === 'string') {
    const lacking = { available: false, reason: adapter };
    return { ...lacking, software: false, f16: lacking };
  }
  const name = [adapter.info?.vendor, adapter.info?.architecture].filter(Boolean).join(' ');
  return {
    available: true,
    ...(name ? { adapter: name } : {}),
    software: isSoftware(adapter),
    f16: halfPrecision(adapter),
  };
}
