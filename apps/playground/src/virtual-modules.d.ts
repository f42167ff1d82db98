/// <reference types="vite/client" />

declare module 'virtual:policy-sandbox' {
  /** `own-policy/sandbox-worker.ts` with all it needs, as one classic script. */
  const code: string;
  export default code;
}

/** Package → version, of what computes pictures. */
declare const __VERSIONS__: Readonly<Record<string, string>>;
