import type { NextConfig } from 'next';

const config: NextConfig = {
  // A cross-origin isolated page may use more than one thread. Leave this out if the site embeds others': one thread
  // works everywhere.
  headers: async () => [
    {
      source: '/:path*',
      headers: [
        { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
        { key: 'Cross-Origin-Embedder-Policy', value: 'require-corp' },
      ],
    },
  ],
};

export default config;
