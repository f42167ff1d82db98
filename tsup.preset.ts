import { defineConfig, type Options } from 'tsup';

/** The one build configuration of every package: ESM, nothing bundled that is a dependency. scripts/build-types.mjs writes the types. */
export const preset = (entry: Record<string, string>, options: Options = {}) =>
  defineConfig({
    entry,
    format: 'esm',
    target: 'es2022',
    platform: 'neutral',
    clean: ['!types/**'],
    splitting: true,
    sourcemap: true,
    treeshake: true,
    ...options,
  });
