import { serveWorker } from '@tessera/runtime-web/wasm';

serveWorker();
