import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { FromSandbox, ToSandbox } from './sandbox-protocol.js';

let start: (event: { readonly ports: readonly MessagePort[] }) => void = () => undefined;

beforeAll(async () => {
  vi.stubGlobal('addEventListener', (_: 'message', listener: typeof start) => {
    start = listener;
  });
  await import('./sandbox-worker.js');
});
afterAll(() => void vi.unstubAllGlobals());

/** The worker's answers to one call after another, and all that it said meanwhile. */
function sandbox() {
  const { port1, port2 } = new MessageChannel();
  const heard: FromSandbox[] = [];
  let settle: () => void = () => undefined;
  port1.onmessage = ({ data }: MessageEvent<FromSandbox>) => {
    heard.push(data);
    if (data.type === 'result' || data.type === 'error') settle();
  };
  start({ ports: [port2] });
  let id = 0;
  const say = (message: ToSandbox) => port1.postMessage(message);
  const call = (name: 'load' | 'check' | 'begin' | 'next', given: unknown) =>
    new Promise<FromSandbox | undefined>((resolve) => {
      settle = () => resolve(heard.at(-1));
      say({ type: 'call', id: id++, name, arguments: given });
    });
  return { call, say, heard, close: () => port1.close() };
}

it('answers pings between the plays of a check, so that a slow policy is not taken for a loop', async () => {
  const { call, say, heard, close } = sandbox();
  await call('load', { code: 'exported.default = modules["@tessera/core"].raster({ steps: 8 });' });
  const checked = call('check', {});
  say({ type: 'ping' });
  await checked;
  expect(heard.map(({ type }) => type)).toEqual(['ready', 'result', 'pong', 'result']);
  close();
});

it('says of an error which line of the code it came from, and the code of one of the library’s', async () => {
  const { call, close } = sandbox();
  expect(await call('load', { code: "'use strict';\n\nthrow new Error('on purpose');" })).toMatchObject({
    message: 'on purpose',
    line: 3,
  });
  const wrapped = "try { throw new Error('inner') } catch (cause) { throw { cause } }";
  expect(await call('load', { code: wrapped })).not.toHaveProperty('line');
  const ours = "\nthrow new modules['@tessera/core'].InvalidOptionError('steps', 0, 'must be 1');";
  expect(await call('load', { code: ours })).toMatchObject({ code: 'invalid-option', line: 2 });
  close();
});
