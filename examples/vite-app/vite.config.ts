import { defineConfig } from 'vite';

// A cross-origin isolated page may use more than one thread. Your host has to send the same headers.
const headers = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

export default defineConfig({ server: { headers }, preview: { headers } });
