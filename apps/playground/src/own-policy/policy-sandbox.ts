import sandboxCode from 'virtual:policy-sandbox';
import type { PolicyFinding } from '@tessera/core/testing';
import type { Manifest } from '@tessera/format';
import { type ServedModel, serveModel } from '@tessera/onnx';
import type { PictureEditOptions } from '../run/record-run.js';
import type { Run } from '../run/step-record.js';
import type { Settings } from '../settings/settings.js';
import { lentModel } from './lent-model.js';
import { SandboxClient } from './sandbox-client.js';

/**
 * The frame has an origin of its own (no storage, no cookies) and may load nothing; its worker inherits both. It is there
 * only to start that worker.
 */
const FRAME = `<!doctype html>
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval' blob:; worker-src blob:">
<script>
  addEventListener('message', ({ data, ports }) => {
    const url = URL.createObjectURL(new Blob([data], { type: 'text/javascript' }));
    new Worker(url).postMessage(null, [ports[0]]);
  }, { once: true });
</script>`;

export interface DrawRequest {
  readonly settings: Omit<Settings, 'policy'>;
  readonly model: ServedModel & { readonly manifest: Manifest };
  readonly edit?: PictureEditOptions | undefined;
  readonly signal: AbortSignal;
}

/** A policy of the user's own, running where it can reach neither the page nor the network. */
export interface PolicySandbox {
  readonly name: string;
  check(): Promise<readonly PolicyFinding[]>;
  draw(request: DrawRequest): Run;
  close(): void;
}

/**
 * @param code a translated module; see `translateModule`
 * @throws OwnCodeError where the code throws, gives no policy or does not come back
 */
export async function openSandbox(code: string): Promise<PolicySandbox> {
  const frame = document.createElement('iframe');
  frame.hidden = true;
  frame.title = 'Sandbox of the policy';
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.srcdoc = FRAME;
  const { port1, port2 } = new MessageChannel();
  await new Promise<void>((resolve) => {
    frame.addEventListener('load', () => resolve(), { once: true });
    document.body.append(frame);
  });
  frame.contentWindow!.postMessage(sandboxCode, '*', [port2]);
  await new Promise<void>((resolve) => {
    port1.onmessage = () => resolve();
  });
  const client = new SandboxClient(port1, () => {
    frame.remove();
    port1.close();
  });
  try {
    const { name } = await client.call('load', { code });
    return {
      name,
      check: () => client.call('check', {}),
      draw: (request) => draw(client, request),
      close: () => client.close(),
    };
  } catch (error) {
    client.close();
    throw error;
  }
}

/** The generation runs in the sandbox, with the policy; the model stays here and is asked through a port. */
async function* draw(client: SandboxClient, { settings, model, edit, signal }: DrawRequest): Run {
  const { port1, port2 } = new MessageChannel();
  const { manifest } = model;
  const serving = serveModel(
    {
      send: (message, transfer = []) => port1.postMessage(message, [...transfer]),
      listen(listener) {
        port1.onmessage = ({ data }) => listener(data);
      },
    },
    lentModel(model),
  );
  try {
    signal.throwIfAborted();
    const { classLabel, seed, guidance, temperature } = settings;
    const plain = { classLabel, seed, guidance, temperature };
    await client.call('begin', { settings: plain, manifest, ...(edit ? { edit } : {}) }, [port2]);
    for (;;) {
      const next = await client.call('next', {});
      if (next.done) return next.value;
      yield next.value;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    // A sandbox that is gone can't say that the model should stop.
    serving.end();
    port1.close();
  }
}
