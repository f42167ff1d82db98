import { serveWorker } from '@tessera/runtime-web/wasm';
import { changedStorage } from './worker-changes.js';

serveWorker(changedStorage());
