import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eulerSampler, generateImages, keyedNoise, randomOrder } from '@tessera/core';
import { type Manifest, parseManifest } from '@tessera/format';
import { type LoadedModel, loadModel, readPng } from '@tessera/runtime-node';
import { type HubServer, hubServer, TINY_NITRO_SIZES, tinyNitroFiles } from '@tessera/runtime-node/testing';
import { createHandler } from '@tessera/server';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from './run.js';
import { capturedIo } from './testing/captured-io.js';

// A Nitro-AR model of random weights, from what lies on a hub to a picture, by the command alone.

const folder = await mkdtemp(join(tmpdir(), 'tessera-nitro-'));
const out = join(folder, 'nitro');
let hub: HubServer;
let manifest: Manifest;

beforeAll(async () => {
  vi.stubEnv('HF_HOME', folder);
  vi.stubEnv('HF_HUB_CACHE', '');
  const files = await tinyNitroFiles();
  const hosted = (bodies: Readonly<Record<string, Buffer>>) =>
    Object.fromEntries(
      Object.entries(bodies).map(([name, body]) => [name, { body, isLfs: name.endsWith('.safetensors') }]),
    );
  hub = await hubServer({
    'amd/Nitro-AR': { main: hosted({ 'Nitro-AR-512px-GAN.safetensors': files.model }) },
    'mit/dc-ae': { main: hosted(files.autoencoder) },
    'meta/llama': { main: hosted(files.text) },
  });
  await mkdir(join(folder, 'llama'));
  for (const [name, body] of Object.entries(files.text)) await writeFile(join(folder, 'llama', name), body);
  vi.stubEnv('HF_ENDPOINT', hub.endpoint);
  const config = join(folder, 'sizes.json');
  await writeFile(config, JSON.stringify(TINY_NITRO_SIZES));
  await tessera(
    'convert',
    'hf:amd/Nitro-AR/Nitro-AR-512px-GAN.safetensors',
    ...['--vae', 'hf:mit/dc-ae/diffusion_pytorch_model.safetensors', '--text', 'hf:meta/llama'],
    ...['--config', config, '--dtype', 'fp32', '--out', out],
  );
  manifest = parseManifest(await readFile(join(out, 'mar.json'), 'utf8'));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

async function tessera(...args: readonly string[]): Promise<string> {
  const io = capturedIo();
  const code = await run(args, io, {});
  expect(code, io.written.error).toBe(0);
  return io.written.out;
}

/** What a command that is refused says. */
async function refusal(...args: readonly string[]): Promise<string> {
  const io = capturedIo();
  expect(await run(args, io, {})).toBe(2);
  return io.written.error;
}

describe('Nitro-AR from a hub', () => {
  let model: LoadedModel;
  beforeAll(async () => {
    model = await loadModel(out, { device: 'cpu', threads: 1 });
  });
  afterAll(() => model.dispose());

  const draw = async (prompt: string, negativePrompt?: string): Promise<Float32Array> => {
    const input = { prompt, ...(negativePrompt === undefined ? {} : { negativePrompt }) };
    const policy = randomOrder({ steps: 3, diffusionSteps: 3 });
    const [made] = await generateImages({ model, policy, requests: [{ seed: 1, input }] });
    return made!.grid.tokens;
  };

  it('has its text encoder, how prompts are filled up, the null text, the chain, and a reference sample', () => {
    expect(manifest.condition).toMatchObject({
      encoder: { tokenizer: 'tokenizer.json', padding: 1, endToken: false },
    });
    expect(Object.keys(manifest.variants[0]!.components)).toEqual(
      expect.arrayContaining(['textEncoder', 'nullText', 'chain']),
    );
    expect([manifest.parity, manifest.latents.scale, manifest.chainSteps]).toEqual(['parity.json', 0.5, 3]);
  });

  it('draws a picture of a prompt by the command, the same each time', async () => {
    const pictures = ['a', 'b'].map((name) => join(folder, `${name}.png`));
    for (const picture of pictures)
      await tessera('generate', 'a red fox', '--model', out, '--policy', 'mar:3x3', '--out', picture);
    const [first, second] = await Promise.all(pictures.map((picture) => readFile(picture)));
    expect(first!.equals(second!)).toBe(true);
  });

  it('is served over HTTP, and draws there what the command draws', async () => {
    const handler = createHandler({ models: { nitro: { load: () => loadModel(out, { threads: 1 }) } } });
    const body = { prompt: 'a red fox', negative_prompt: 'snow', policy: 'mar:3x3', seed: 4 };
    const response = await handler(
      new Request('http://localhost/v1/images/generations', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    );
    const answer = (await response.json()) as { data: { b64_json: string }[] };
    expect(response.status, JSON.stringify(answer)).toBe(200);
    const served = join(folder, 'served.png');
    const drawn = join(folder, 'drawn.png');
    await writeFile(served, Buffer.from(answer.data[0]!.b64_json, 'base64'));
    const options = ['--negative', 'snow', '--policy', 'mar:3x3', '--seed', '4', '--out', drawn];
    await tessera('generate', 'a red fox', '--model', out, ...options, '--threads', '1');
    expect((await readPng(served)).data).toEqual((await readPng(drawn)).data);
    await handler.drain();
  });

  it('leads away from the stored null text, which is the empty prompt', async () => {
    expect(await draw('a fox')).toEqual(await draw('a fox', ''));
    expect(await draw('a fox')).not.toEqual(await draw('a fox', 'snow'));
  });

  it('cuts a prompt at its end, without keeping its last token', async () => {
    // Nine rows: the token that begins, and eight letters.
    expect(await draw('abcdefghi')).toEqual(await draw('abcdefghxyz'));
    expect(await draw('abcdefgh')).not.toEqual(await draw('abcdefgx'));
  });

  it('runs the head’s chain at once where nothing asks for its middle, and gives what single steps give', async () => {
    const grid = { shape: model.shape, tokens: new Float32Array(256), known: new Uint8Array(64) };
    const positions = Uint32Array.of(3, 17, 40);
    const batch = [{ grid, positions, input: { prompt: 'a fox' }, guided: true }];
    const [conditions] = await model.condition({ batch });
    const sample = async (steps: number, clamp?: number) => {
      const [tokens] = await model.sampleTokens({
        batch: [
          {
            conditions: conditions!,
            rows: Uint32Array.of(0, 1, 2),
            positions,
            guidanceScale: 4,
            noise: keyedNoise({ seed: 3 }),
          },
        ],
        coefficients: eulerSampler()(String(steps), model.diffusion),
        temperature: 0.9,
        ...(clamp === undefined ? {} : { clamp }),
      });
      return tokens!;
    };
    const runs = async (graph: 'chain' | 'denoise') => (await model.runStatistics())[graph]?.runs ?? 0;
    const before = [await runs('chain'), await runs('denoise')];
    const whole = await sample(3);
    expect([await runs('chain'), await runs('denoise')]).toEqual([before[0]! + 1, before[1]]);
    // A limit that no value reaches, but that has to be looked at after each step.
    const stepwise = await sample(3, 1e6);
    expect([await runs('chain'), await runs('denoise')]).toEqual([before[0]! + 1, before[1]! + 3]);
    for (const [i, value] of whole.entries()) expect(Math.abs(value - stepwise[i]!)).toBeLessThan(1e-5);
    expect(await sample(4)).toHaveLength(12);
    conditions!.release();
  });
});

describe('features made beforehand', () => {
  const features = join(folder, 'features');
  const sampling = ['--model', out, '--policy', 'mar:3x3', '--threads', '1'];
  beforeAll(async () => {
    const prompts = join(folder, 'prompts.txt');
    await writeFile(prompts, 'a red fox\nsnow\n\n');
    const encode = ['encode-text', prompts, '--text', join(folder, 'llama'), '--dtype', 'fp32'];
    await tessera(...encode, '--length', '9', '--out', features);
    await tessera(...encode, '--length', '5', '--out', `${features}-5`);
    expect(await refusal(...encode, '--out', features)).toMatch(/exists.*--overwrite/);
    expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([]);
  });

  it('draw what their prompts draw', async () => {
    const pictures = ['prompt', 'features'].map((name) => join(folder, `by-${name}.png`));
    await tessera('generate', 'snow', ...sampling, '--out', pictures[0]!);
    await tessera('generate', 'snow', ...sampling, '--features', features, '--out', pictures[1]!);
    const [prompt, stored] = await Promise.all(pictures.map((picture) => readPng(picture)));
    expect(stored!.data).toEqual(prompt!.data);
  });

  it('are all drawn where no prompt is named, and lead away from no prompt without a stored null text', async () => {
    const bare = {
      ...manifest,
      variants: manifest.variants.map(({ components, ...rest }) => {
        const { nullText: _, ...others } = components;
        return { ...rest, components: others };
      }),
    };
    const place = join(folder, 'bare');
    await cp(out, place, { recursive: true });
    await writeFile(join(place, 'mar.json'), JSON.stringify(bare));
    const drawn = join(folder, 'all');
    await tessera('generate', ...sampling, '--model', place, '--features', features, '--out', drawn);
    await tessera('generate', 'a red fox', 'snow', ...sampling, '--out', `${drawn}-prompts`);
    const names = (await readdir(drawn)).filter((name) => name.endsWith('.png'));
    expect(names).toHaveLength(2);
    for (const name of names) {
      const [one, other] = await Promise.all(
        [drawn, `${drawn}-prompts`].map((at) => readPng(join(at, name))),
      );
      expect(one!.data).toEqual(other!.data);
    }
  });

  it('of other prompts, of other lengths and of other encoders are refused by a sentence', async () => {
    const draw = (place: string, ...words: readonly string[]) =>
      refusal('generate', ...words, ...sampling, '--features', place, '--out', join(folder, 'none'));
    expect(await draw(features, 'a cat')).toMatch(/no features of "a cat".*tessera encode-text/);
    expect(await draw(`${features}-5`)).toMatch(/5 rows a prompt.*must give 9/);
    expect(await draw(join(folder, 'llama'))).toMatch(/has no features\.json/);
    const list = join(`${features}-5`, 'features.json');
    await writeFile(list, (await readFile(list, 'utf8')).replace('"llama"', '"t5"'));
    expect(await draw(`${features}-5`)).toMatch(/made by t5.*a Llama/);
  });
});
