/** Milliseconds between signs of life, which keep proxies from closing a quiet stream. */
const HEARTBEAT = 15_000;

export interface EventSource {
  readonly events: AsyncGenerator<readonly [name: string, data: object], void, undefined>;
  /** What is said of an error, as the event `error`. */
  failed(error: unknown): object;
  /** The reader has left. */
  abort(): void;
  /** The stream is over, however it ended. */
  end(): void;
}

/** Server-sent events as a body, `[DONE]` at their end. */
export function eventStream({ events, failed, abort, end }: EventSource): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let heartbeat: ReturnType<typeof setInterval>;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      heartbeat = setInterval(() => controller.enqueue(encoder.encode(': drawing\n\n')), HEARTBEAT);
    },
    async pull(controller) {
      const send = (text: string): void => controller.enqueue(encoder.encode(text));
      try {
        const { done, value } = await events.next();
        if (!done) return send(`event: ${value[0]}\ndata: ${JSON.stringify(value[1])}\n\n`);
        send('data: [DONE]\n\n');
      } catch (error) {
        send(`event: error\ndata: ${JSON.stringify(failed(error))}\n\n`);
      }
      clearInterval(heartbeat);
      controller.close();
      end();
    },
    async cancel() {
      clearInterval(heartbeat);
      abort();
      await events.return().catch(() => undefined);
      end();
    },
  });
}
