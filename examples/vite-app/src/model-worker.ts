import { serveWorker } from '@tessera/runtime-web/webgpu';

serveWorker();
