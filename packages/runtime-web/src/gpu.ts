/** Whether something can be used here, and if not, why, in a sentence. */
export interface Capability {
  readonly available: boolean;
  readonly reason?: string;
}

/** The part of WebGPU that is used; TypeScript's DOM library does not have it yet. */
export interface GpuAdapter {
  readonly features: ReadonlySet<string>;
  readonly info?: {
    readonly vendor: string;
    readonly architecture: string;
    readonly device?: string;
    readonly description: string;
    readonly isFallbackAdapter?: boolean;
  };
  /** Where older browsers say it. */
  readonly isFallbackAdapter?: boolean;
}

export interface GpuDevice {
  readonly lost: Promise<{ readonly reason: string | undefined; readonly message: string }>;
}

interface Gpu {
  requestAdapter(): Promise<GpuAdapter | null>;
}

/** What a page or a worker knows of itself; `globalThis` is one. */
export interface WebScope {
  readonly navigator: { readonly gpu?: Gpu; readonly hardwareConcurrency?: number };
  readonly isSecureContext?: boolean;
  readonly crossOriginIsolated?: boolean;
  readonly SharedArrayBuffer?: unknown;
  readonly caches?: unknown;
}

/** The adapter that WebGPU gives, or in a sentence why there is none. */
export async function findAdapter({ navigator, isSecureContext }: WebScope): Promise<GpuAdapter | string> {
  if (!navigator.gpu) {
    return isSecureContext === false
      ? 'WebGPU exists on secure pages only: serve this one over https, or from localhost.'
      : 'This browser has no WebGPU.';
  }
  try {
    return (
      (await navigator.gpu.requestAdapter()) ??
      'The browser has WebGPU, but no adapter for it: the graphics card or its driver is not supported, or blocked.'
    );
  } catch (error) {
    return `WebGPU's adapter can't be had: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Whether shaders can compute in half precision, and if not, why. */
export function halfPrecision({ features }: Pick<GpuAdapter, 'features'>): Capability {
  return features.has('shader-f16')
    ? { available: true }
    : { available: false, reason: 'The adapter does not have the feature shader-f16.' };
}

/** Whether WebGPU is computed by the processor: right, but far slower than WebAssembly. */
export function isSoftware(adapter: GpuAdapter): boolean {
  const { info } = adapter;
  return (
    (info?.isFallbackAdapter ?? adapter.isFallbackAdapter ?? false) ||
    /swiftshader|llvmpipe/i.test(`${info?.architecture} ${info?.description}`)
  );
}
