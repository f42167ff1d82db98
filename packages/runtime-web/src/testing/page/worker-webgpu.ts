import { serveWorker } from '@tessera/runtime-web/webgpu';
import { changedStorage } from './worker-changes.js';

serveWorker(changedStorage());
