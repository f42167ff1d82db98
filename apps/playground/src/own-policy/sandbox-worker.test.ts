import { Caller, webPort } from '@tessera/onnx';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { PingCalls, SandboxCalls } from './sandbox-caller.js';

let start: (event: { readonly ports: readonly MessagePort[] }) => void = () => undefined;

beforeAll(async () => {
  vi.stubGlobal('addEventListener', (_: 'message', listener: typeof start) => {
    start = listener;
  });
  await import('./sandbox-worker.js');
});
afterAll(() => void vi.unstubAllGlobals());

function sandbox() {
  const channels = [new MessageChannel(), new MessageChannel(), new MessageChannel()] as const;
  start({ ports: channels.map(({ port2 }) => port2) });
  return {
    caller: new Caller<SandboxCalls>(webPort(channels[0].port1)),
    pings: new Caller<PingCalls>(webPort(channels[1].port1)),
    close() {
      for (const { port1 } of channels) port1.close();
    },
  };
}

it('answers pings between the plays of a check, so that a slow policy is not taken for a loop', async () => {
  const { caller, pings, close } = sandbox();
  await caller.call('load', { code: 'exported.default = modules["@tessera/core"].raster({ steps: 8 });' });
  const order: string[] = [];
  const checked = caller.call('check', {}).then(() => order.push('check'));
  await pings.call('ping', {}).then(() => order.push('ping'));
  await checked;
  expect(order).toEqual(['ping', 'check']);
  close();
});

it('says of an error which line of the code it came from, and the code of one of the library’s', async () => {
  const { caller, close } = sandbox();
  await expect(
    caller.call('load', { code: "'use strict';\n\nthrow new Error('on purpose');" }),
  ).rejects.toMatchObject({ message: 'on purpose', line: 3 });
  const wrapped = "try { throw new Error('inner') } catch (cause) { throw { cause } }";
  await expect(caller.call('load', { code: wrapped })).rejects.not.toHaveProperty('line');
  const ours = "\nthrow new modules['@tessera/core'].InvalidOptionError('steps', 0, 'must be 1');";
  await expect(caller.call('load', { code: ours })).rejects.toMatchObject({
    code: 'invalid-option',
    line: 2,
  });
  close();
});
