// Runs a policy of the user's own. This file is bundled into one text, which runs in a worker of a sandboxed frame: no
// page, no network, no storage.
import * as core from '@tessera/core';
import * as coreModel from '@tessera/core/model';
import { checkPolicy } from '@tessera/core/testing';
import * as fts from '@tessera/fts';
import * as gtr from '@tessera/gtr';
import { answerCalls, type Port, packError, type RemoteError, RemoteModel, webPort } from '@tessera/onnx';
import { settingsOfGeneration } from '../recipe/recipe.js';
import { recordRun } from '../run/record-run.js';
import type { Run } from '../run/step-record.js';
import type { PingCalls, SandboxCalls } from './sandbox-caller.js';

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

/** An error as plain data, with the line of the user's code that it came from. */
function packed(error: unknown): RemoteError {
  const plain = packError(error);
  const line = lineOf(error);
  return line === undefined ? plain : { ...plain, fields: { ...plain.fields, line } };
}

function lineOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const place = /policy\.js:(\d+)/.exec(error.stack ?? '')?.[1];
  return place === undefined ? lineOf(error.cause) : Number(place) - LINES_BEFORE;
}

addEventListener(
  'message',
  ({ ports }) => {
    const [calls, pings, modelPort] = ports.map((port) => webPort(port)) as [Port, Port, Port];
    answerCalls<PingCalls>(pings, { ping: async () => undefined });
    answerCalls<SandboxCalls>(
      calls,
      {
        async load({ code }) {
          const exported: { default?: unknown } = {};
          new Function('modules', 'exported', `${code}\n//# sourceURL=policy.js`)(MODULES, exported);
          policy = policyIn(exported.default);
          return undefined;
        },
        // Between two plays the worker answers the page's pings.
        check: () => checkPolicy(loaded(), { pause: () => new Promise((resolve) => setTimeout(resolve)) }),
        async begin({ settings, manifest, edit }) {
          const model = new RemoteModel(modelPort, manifest);
          const { seed, condition } = settings;
          const sampling = settingsOfGeneration(settings, manifest);
          run = recordRun({ model, policy: loaded(), seed, condition, edit, ...sampling });
          return undefined;
        },
        next: () => run!.next(),
      },
      { pack: packed },
    );
  },
  { once: true },
);
