import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { ModelPool } from './model-pool.js';

const SECONDS = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300];

/** What a server counts, for Prometheus. */
export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics(pool: ModelPool) {
  const registry = new Registry();
  const registers = [registry];
  const byModel = { labelNames: ['model'], registers } as const;
  const ofModels = (name: string, help: string, of: (model: ModelPool['loaded'][number]) => number) =>
    new Gauge({
      name,
      help,
      ...byModel,
      collect() {
        this.reset();
        for (const model of pool.loaded) this.set({ model: model.name }, of(model));
      },
    });
  ofModels(
    'tessera_calls_waiting',
    'Calls that wait for their first step',
    ({ scheduler }) => scheduler.load.waiting,
  );
  ofModels('tessera_calls_running', 'Calls that have begun', ({ scheduler }) => scheduler.load.running);
  ofModels(
    'tessera_images_left',
    'Images left, with parts of images',
    ({ scheduler }) => scheduler.load.imagesLeft,
  );
  ofModels('tessera_model_bytes', 'Bytes of the loaded model', ({ bytes }) => bytes);
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Memory of the process',
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Seconds of the processor, user and system',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  return {
    registry,
    requests: new Counter({
      name: 'tessera_requests_total',
      help: 'Answers by route and status',
      labelNames: ['route', 'status'],
      registers,
    }),
    requestSeconds: new Histogram({
      name: 'tessera_request_seconds',
      help: 'Time to the end of an answer',
      labelNames: ['route'],
      buckets: SECONDS,
      registers,
    }),
    waitSeconds: new Histogram({
      name: 'tessera_wait_seconds',
      help: 'Time until the first step',
      buckets: SECONDS,
      ...byModel,
    }),
    stepSeconds: new Histogram({
      name: 'tessera_step_seconds',
      help: 'Time of a step of an image',
      buckets: SECONDS,
      ...byModel,
    }),
    pictures: new Counter({ name: 'tessera_pictures_total', help: 'Finished pictures', ...byModel }),
    errors: new Counter({
      name: 'tessera_errors_total',
      help: 'Answers that are errors, by reason',
      labelNames: ['reason'],
      registers,
    }),
  };
}
