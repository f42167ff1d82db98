import sandboxCode from 'virtual:policy-sandbox';
import type { PolicyFinding } from '@tessera/core/testing';
import type { Manifest } from '@tessera/format';
import { Caller, type Port, type ServedModel, serveModel, webPort } from '@tessera/onnx';
import type { PictureEditOptions } from '../run/record-run.js';
import type { Run } from '../run/step-record.js';
import type { Settings } from '../settings/settings.js';
import { lentModel } from './lent-model.js';
import { translatedCode } from './module-source.js';
import { type PingCalls, SandboxCaller } from './sandbox-caller.js';

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
    new Worker(url).postMessage(null, ports);
  }, { once: true });
</script>`;

/** A policy of the user's own, running where it can reach neither the page nor the network. */
interface PolicySandbox {
  readonly caller: SandboxCaller;
  /** Where the sandbox calls the model. */
  readonly modelPort: Port;
}

/**
 * Opens a sandbox, which ends with `signal`.
 *
 * @throws OwnCodeError where the code can't be read, throws, gives no policy or does not come back
 */
async function openSandbox(source: string, signal: AbortSignal): Promise<PolicySandbox> {
  const code = translatedCode(source);
  const frame = document.createElement('iframe');
  frame.hidden = true;
  frame.title = 'Sandbox of the policy';
  frame.setAttribute('sandbox', 'allow-scripts');
  frame.srcdoc = FRAME;
  const channels = [new MessageChannel(), new MessageChannel(), new MessageChannel()] as const;
  const [calls, pings, model] = channels.map(({ port1 }) => webPort(port1)) as [Port, Port, Port];
  await new Promise<void>((resolve) => {
    frame.addEventListener('load', () => resolve(), { once: true });
    document.body.append(frame);
  });
  const ping = new Caller<PingCalls>(pings);
  const caller = new SandboxCaller(calls, ping, () => {
    frame.remove();
    for (const { port1 } of channels) port1.close();
  });
  const close = (): void => caller.close();
  signal.addEventListener('abort', close, { once: true });
  frame.contentWindow!.postMessage(
    sandboxCode,
    '*',
    channels.map(({ port2 }) => port2),
  );
  try {
    // How long the worker takes to start is not the code's fault.
    await ping.call('ping', {}, { signal });
    await caller.call('load', { code });
    return { caller, modelPort: model };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * Runs a policy's module in a sandbox and plays the policy through whole generations there.
 *
 * @throws OwnCodeError where the code can't be read, throws, gives no policy or does not come back
 */
export async function checkOwn(source: string, signal: AbortSignal): Promise<readonly PolicyFinding[]> {
  const { caller } = await openSandbox(source, signal);
  return caller.call('check', {}).finally(() => caller.close());
}

/**
 * A drawing with a policy of the user's own. The generation runs in the sandbox, with the policy; the model stays here and is
 * called through a port.
 *
 * @throws OwnCodeError where the code can't be read, throws, gives no policy or does not come back
 */
export async function* drawOwn(options: {
  readonly source: string;
  readonly settings: Omit<Settings, 'policy'>;
  readonly model: ServedModel & { readonly manifest: Manifest };
  readonly edit?: PictureEditOptions | undefined;
  readonly signal: AbortSignal;
}): Run {
  const { source, settings, model, edit, signal } = options;
  const { caller, modelPort } = await openSandbox(source, signal);
  const serving = serveModel(modelPort, lentModel(model));
  try {
    await caller.call('begin', { settings, manifest: model.manifest, ...(edit ? { edit } : {}) });
    for (;;) {
      const next = await caller.call('next', {});
      if (next.done) return next.value;
      yield next.value;
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    // A sandbox that is gone can't cancel its calls of the model.
    serving.end();
    caller.close();
  }
}
