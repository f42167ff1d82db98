import { defineConfig, type Options } from 'tsup';

/** The one build configuration of every package: ESM, types first, nothing bundled that is a dependency. */
export const preset = (entry: Record<string, string>, options: Options = {}) =>
  defineConfig({
    entry,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    dts: true,
    clean: true,
    splitting: true,
    sourcemap: true,
    treeshake: true,
    ...options,
  });
