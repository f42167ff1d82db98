// Runs a policy of the user's own. This file is bundled into one text, which runs in a worker of a sandboxed frame: no
// page, no network, no storage.
import * as core from '@tessera/core';
import * as coreModel from '@tessera/core/model';
import { checkPolicy } from '@tessera/core/testing';
import * as fts from '@tessera/fts';
import * as gtr from '@tessera/gtr';
import { RemoteModel } from '@tessera/onnx';
import { settingsOfGeneration } from '../recipe/recipe.js';
import { recordRun } from '../run/record-run.js';
import type { Run } from '../run/step-record.js';
import type {
  DrawOrders,
  FromSandbox,
  SandboxCallName,
  SandboxCalls,
  SandboxError,
  ToSandbox,
} from './sandbox-protocol.js';

const MODULES: Readonly<Record<string, object>> = {
  '@tessera/core': core,
  '@tessera/core/model': coreModel,
  '@tessera/gtr': gtr,
  '@tessera/fts': fts,
};

/** Lines that `new Function` puts before its body. */
const LINES_BEFORE = 2;

let policy: core.SamplingPolicy | undefined;
let run: Run | undefined;

const handlers: {
  [name in SandboxCallName]: (
    given: SandboxCalls[name]['arguments'],
    ports: readonly MessagePort[],
  ) => Promise<SandboxCalls[name]['result']>;
} = {
  async load({ code }) {
    const exported: { default?: unknown } = {};
    new Function('modules', 'exported', `${code}\n//# sourceURL=policy.js`)(MODULES, exported);
    policy = policyIn(exported.default);
    return { name: policy.name };
  },
  // Between two plays the worker answers the page's pings.
  check: () => checkPolicy(loaded(), { pause: () => new Promise((resolve) => setTimeout(resolve)) }),
  async begin({ settings, manifest, edit }: DrawOrders, [port]) {
    const model = new RemoteModel(modelPort(port!), manifest);
    const { seed, classLabel } = settings;
    run = recordRun({
      model,
      policy: loaded(),
      seed,
      classLabel,
      edit,
      ...settingsOfGeneration(settings, manifest),
    });
    return undefined;
  },
  async next() {
    const { done, value } = await run!.next();
    return done ? { done: true, value } : { done: false, value };
  },
};

function loaded(): core.SamplingPolicy {
  if (!policy) throw new Error('No policy has been loaded.');
  return policy;
}

function policyIn(value: unknown): core.SamplingPolicy {
  const found = value as Partial<core.SamplingPolicy> | null | undefined;
  if (
    typeof found?.init !== 'function' ||
    typeof found.step !== 'function' ||
    typeof found.name !== 'string'
  ) {
    throw new TypeError(
      'The default export is not a policy: it needs a name, init and step, as plannedPolicy and orderedPolicy make them.',
    );
  }
  return found as core.SamplingPolicy;
}

function modelPort(port: MessagePort) {
  return {
    send: (message: unknown, transfer: readonly ArrayBuffer[] = []) =>
      port.postMessage(message, [...transfer]),
    listen(listener: (message: unknown) => void) {
      port.onmessage = ({ data }) => listener(data);
    },
  };
}

/** What is known of an error: the code of one of ours, and the line of the user's code that it came from. */
function described(error: unknown): Omit<SandboxError, 'type' | 'id'> {
  const message = error instanceof Error ? error.message : String(error);
  const line = lineOf(error);
  const code = core.TesseraError.isInstance(error) ? error.code : undefined;
  return { message, ...(line === undefined ? {} : { line }), ...(code === undefined ? {} : { code }) };
}

function lineOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const place = /policy\.js:(\d+)/.exec(error.stack ?? '')?.[1];
  return place === undefined ? lineOf(error.cause) : Number(place) - LINES_BEFORE;
}

addEventListener(
  'message',
  ({ ports: [port] }) => {
    const say = (message: FromSandbox) => port!.postMessage(message);
    port!.onmessage = async ({ data, ports }: MessageEvent<ToSandbox>) => {
      if (data.type === 'ping') return say({ type: 'pong' });
      const { id, name } = data;
      try {
        const handle = handlers[name] as (given: unknown, ports: readonly MessagePort[]) => Promise<unknown>;
        say({ type: 'result', id, value: await handle(data.arguments, ports) });
      } catch (error) {
        say({ type: 'error', id, ...described(error) });
      }
    };
    say({ type: 'ready' });
  },
  { once: true },
);
