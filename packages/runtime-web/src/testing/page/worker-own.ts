import { serveWorker } from '@tessera/runtime-web/worker';
import * as ort from 'onnxruntime-web/wasm';

serveWorker({ ort, devices: ['wasm'] });
