import { readFileSync } from 'node:fs';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';
import { embeddedModels } from './vite-plugins/embedded-models-plugin.js';
import { offline } from './vite-plugins/offline-plugin.js';
import { policySandbox } from './vite-plugins/policy-sandbox-plugin.js';

/** Threads need a cross-origin isolated page. */
const headers = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

const { version, dependencies } = JSON.parse(
  readFileSync(new URL('package.json', import.meta.url), 'utf8'),
) as { version: string; dependencies: { 'onnxruntime-web': string } };

export default defineConfig({
  // What a recipe says that a picture was made with.
  define: {
    __VERSIONS__: JSON.stringify({
      '@tessera/playground': version,
      'onnxruntime-web': dependencies['onnxruntime-web'],
    }),
  },
  // Any folder of any static host will do.
  base: './',
  plugins: [svelte(), embeddedModels(), policySandbox(), offline()],
  server: { headers },
  preview: { headers },
  worker: { format: 'es' },
  // ONNX Runtime's files are named explicitly (`?url`): without this they would be there twice.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'development|production'] },
  build: { target: 'es2022', assetsInlineLimit: 2048 },
});
