import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { CheckpointFormatError } from '../errors.js';
import { inTemporaryFolder } from '../testing/golden.js';
import { TorchTensorToWrite, type TorchValue, writeLegacyTorch, writeTorch } from '../testing/write-torch.js';
import { openTensors } from './open-tensors.js';
import { blobAccess, urlAccess } from './random-access.js';
import { readTensors } from './read-tensors.js';
import type { TensorFile } from './tensor-file.js';
import type { TorchFile } from './torch-file.js';

const floats = (...values: readonly number[]) =>
  new TorchTensorToWrite('F32', [values.length], () => new Uint8Array(Float32Array.from(values).buffer));

const CHECKPOINT: TorchValue = {
  model: { 'a.weight': floats(1, 2, 3), b: floats(4) },
  model_ema: { 'a.weight': floats(5, 6, 7), b: floats(8) },
  epoch: 399,
  args: { lr: 0.5, model: 'mar_base', none: null, __proto__x: 1 },
};

async function assertContent(file: TensorFile): Promise<void> {
  expect(file.names).toEqual(['model.a.weight', 'model.b', 'model_ema.a.weight', 'model_ema.b']);
  expect(file.dtype('model.b')).toBe('F32');
  expect(await file.read('model_ema.a.weight')).toEqual(Float32Array.of(5, 6, 7));
  expect(await file.readFloats('model.a.weight', [1, 3])).toEqual(Float32Array.of(2, 3));
  expect(file).toMatchObject({ keys: ['model', 'model_ema', 'epoch', 'args'] });
  const { value } = file as TorchFile;
  expect(['epoch', 'args.lr', 'args.model', 'args.none', 'args', 'args.x'].map(value)).toEqual([
    399,
    0.5,
    'mar_base',
    null,
    undefined,
    undefined,
  ]);
  await file.close();
}

const withBoth = (body: (path: string) => Promise<void>) =>
  inTemporaryFolder(async (folder) => {
    for (const write of [writeTorch, writeLegacyTorch]) {
      const path = join(folder, `${write.name}.pth`);
      await write(path, CHECKPOINT);
      await body(path);
    }
  });

it('a checkpoint of either format gives its tensors and values, by the keys that lead to them', async () => {
  await withBoth(async (path) => assertContent(await openTensors(path)));
});

it('a checkpoint is read from a Blob, and by ranges from an address, as from a file', async () => {
  await withBoth(async (path) => {
    const bytes = await readFile(path);
    await assertContent(await readTensors(blobAccess(new Blob([bytes]), 'a.pth')));
    const server = createServer((request, response) => {
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')!;
      const end = Math.min(Number(to), bytes.length - 1);
      const range = `bytes ${from}-${end}/${bytes.length}`;
      response
        .writeHead(206, { 'Content-Range': range, ETag: '"1"' })
        .end(bytes.subarray(Number(from), end + 1));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.pth`;
    await assertContent(await readTensors(await urlAccess(url)));
    await new Promise((resolve) => server.close(resolve));
  });
});

it('a server that gives no ranges, or fails, is named', async () => {
  const answers = async (status: number) =>
    urlAccess('https://example.org/a.pth', { fetch: async () => new Response('x', { status }) });
  await expect(answers(200)).rejects.toMatchObject({
    code: 'checkpoint-file',
    message: /gives no part of it/,
  });
  await expect(answers(404)).rejects.toThrow('the server answers 404');
});

it('a checkpoint that was cut off is refused wherever it ends', async () => {
  await withBoth(async (path) => {
    const bytes = await readFile(path);
    for (let kept = bytes.length - 1; kept >= 0; kept -= 13) {
      const source = blobAccess(new Blob([bytes.subarray(0, kept)]), path);
      await expect(readTensors(source)).rejects.toBeInstanceOf(CheckpointFormatError);
    }
  });
});

it('one wrong bit in a tensor is found when the tensor, or a row of it, is read', async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, 'a.pth');
    await writeTorch(path, { w: floats(1, 2, 3, 4) });
    const bytes = await readFile(path);
    bytes[bytes.indexOf(new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer)) + 15]! ^= 1;
    await writeFile(path, bytes);
    const file = await openTensors(path);
    await expect(file.readFloats('w', [0, 1])).rejects.toMatchObject({ problem: 'container' });
    await expect(file.read('w')).rejects.toThrow('its checksum (CRC-32) is wrong');
    await file.close();
  });
});

/** A checkpoint of one file whose pickle is `pickle`, with `w` as what stands for the tensor of {@link floats}. */
async function withPickle(pickle: (tensor: Buffer) => readonly (string | Buffer)[]): Promise<TensorFile> {
  return inTemporaryFolder(async (folder) => {
    const path = join(folder, 'a.pth');
    await writeLegacyTorch(path, { w: floats(1, 2) });
    const bytes = await readFile(path);
    const [start, end] = [bytes.indexOf('}(X\x01\0\0\0w', 0, 'latin1'), bytes.indexOf('Ru.', 0, 'latin1')];
    const tensor = bytes.subarray(start + 8, end + 1);
    const parts = pickle(tensor).map((part) =>
      typeof part === 'string' ? Buffer.from(part, 'latin1') : part,
    );
    const all = Buffer.concat([bytes.subarray(0, start), ...parts, bytes.subarray(end + 2)]);
    return readTensors(blobAccess(new Blob([Uint8Array.from(all)]), path));
  });
}
const key = (text: string) => `X${String.fromCharCode(text.length)}\0\0\0${text}`;

it('keys that are no text give names by their place, and never cost more than the file', async () => {
  // The pair (1, "a"), then 60 tuples that share one another, then 40 dictionaries whose key is a MiB of bytes.
  const doubled = Array.from(
    { length: 60 },
    (_, i) => `h${String.fromCharCode(i)}h${String.fromCharCode(i)}\x86q${String.fromCharCode(i + 1)}`,
  );
  const bytes = `B\0\0\x10\0${'a'.repeat(1 << 20)}q\xff`;
  const pair = `(K\x01${key('a')}t`;
  const file = await withPickle((tensor) => [
    `}(${key('w')}`,
    tensor,
    pair,
    tensor,
    `${key('b')}${bytes}`,
    ...Array.from({ length: 40 }, (_, i) => `${key(`d${i}`)}}h\xffNs`),
    'u',
  ]);
  expect(file.names).toEqual(['w', '[1]']);
  const laughs = withPickle((tensor) => [`}(${key('w')}`, tensor, `()q\0${doubled.join('')}t`, 'N', 'u']);
  await expect(laughs).rejects.toMatchObject({ code: 'checkpoint-format', problem: 'limit' });
});

it('names longer than any tensor has are refused before they are put together', async () => {
  const long = `X\0\0\x20\0${'a'.repeat(2 << 20)}q\x01`;
  const named = withPickle((tensor) => [
    `}(${key('z')}${long}`,
    ...Array.from({ length: 20 }, (_, i) => [`${key(`d${i}`)}}h\x01`, tensor, 's']).flat(),
    'u',
  ]);
  await expect(named).rejects.toMatchObject({ code: 'checkpoint-format', problem: 'limit' });
});
