import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertModel, dcAeKeys, dcAeLayers, llamaKeys, nitroKeys, writeSafetensors } from '@tessera/convert';
import { openGraph } from '../open-graph.js';

/** Rows and width of the text that a tiny Nitro-AR takes. */
const text = { length: 9, width: 12 };

/** What the tensors of a tiny Nitro-AR don't tell. */
export const TINY_NITRO_SIZES = { sample_size: 8, max_length: text.length, vae_stride: 4 };

const nitro = nitroKeys({
  grid: { height: 8, width: 8, channels: 4 },
  latents: { channels: 4, patchSize: 1, stride: 4 },
  prediction: 'velocity',
  trainSteps: 1000,
  decoder: { width: 16, heads: 2, hidden: 24, norm: 'layer' },
  split: [1, 1, 1],
  ...{ text, positionExtent: 96, head: { width: 16, depth: 1 }, epsilon: 1e-6 },
});
const dcAe = dcAeKeys({
  ...{ latentChannels: 4, latentScale: 0.5, stride: 4, widths: [16, 4], headSize: 8, scales: [5] },
  ...{ expansion: 2, epsilon: 1e-5 },
  layers: dcAeLayers([
    { width: 4, kinds: ['residual'] },
    { width: 8, kinds: ['residual'] },
    { width: 16, kinds: ['efficient-vit'] },
  ]),
});
const llama = llamaKeys({
  ...{ vocabulary: 29, width: text.width, depth: 2, hidden: 16, heads: 2, keyHeads: 1, headSize: 6 },
  ...{ epsilon: 1e-5, frequencies: new Float64Array(), padding: 1 },
});

/** Files of a tiny Nitro-AR of random weights: the model, its autoencoder and its text encoder, by their names. */
export interface TinyNitroFiles {
  readonly model: Buffer;
  readonly autoencoder: Readonly<Record<'diffusion_pytorch_model.safetensors' | 'config.json', Buffer>>;
  readonly text: Readonly<Record<'model.safetensors' | 'config.json' | 'tokenizer.json', Buffer>>;
}

/** Makes them, the same each time: 8×8 tokens, pictures of 32×32 pixels, prompts of letters. */
export async function tinyNitroFiles(): Promise<TinyNitroFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-tiny-nitro-'));
  const json = (value: object): Buffer => Buffer.from(JSON.stringify(value));
  try {
    const weights = (keys: ReadonlyMap<string, readonly number[]>, prefix = ''): Promise<Buffer> =>
      randomWeights(join(folder, 'weights.safetensors'), keys, prefix);
    return {
      model: await weights(nitro),
      autoencoder: {
        'diffusion_pytorch_model.safetensors': await weights(dcAe),
        'config.json': json({ _class_name: 'AutoencoderDC', scaling_factor: 0.5 }),
      },
      text: {
        'model.safetensors': await weights(llama, 'model.'),
        'config.json': json({
          ...{ num_attention_heads: 2, num_key_value_heads: 1, eos_token_id: 1, rms_norm_eps: 1e-5 },
        }),
        'tokenizer.json': json(tokenizer()),
      },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Converts a tiny Nitro-AR with its text encoder into the model folder `out`. */
export async function writeTinyNitro(out: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'tessera-tiny-nitro-'));
  try {
    const { model, autoencoder, text: encoder } = await tinyNitroFiles();
    const files = {
      'nitro.safetensors': model,
      'dc-ae.safetensors': autoencoder['diffusion_pytorch_model.safetensors'],
    };
    await mkdir(join(folder, 'llama'));
    for (const [name, body] of Object.entries(files)) await writeFile(join(folder, name), body);
    for (const [name, body] of Object.entries(encoder)) await writeFile(join(folder, 'llama', name), body);
    await convertModel({
      mar: { checkpoint: join(folder, 'nitro.safetensors'), config: TINY_NITRO_SIZES },
      vae: { checkpoint: join(folder, 'dc-ae.safetensors'), config: { scaling_factor: 0.5 } },
      text: {
        checkpoint: join(folder, 'llama/model.safetensors'),
        config: JSON.parse(encoder['config.json'].toString()),
        tokenizer: join(folder, 'llama/tokenizer.json'),
      },
      ...{ out, dtype: 'fp32', name: 'tiny-nitro', licence: 'none', source: 'random weights', openGraph },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function randomWeights(
  path: string,
  keys: ReadonlyMap<string, readonly number[]>,
  prefix: string,
): Promise<Buffer> {
  let state = 7;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const tensors = [...keys].map(([key, shape]) => {
    const fanIn = shape.slice(1).reduce((a, b) => a * b, 1);
    const isNorm = shape.length === 1 && key.endsWith('weight');
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).map(
      () => (isNorm ? 1 : 0) + random() / Math.sqrt(fanIn),
    );
    return [prefix + key, { shape, data }] as const;
  });
  await writeSafetensors(path, Object.fromEntries(tensors));
  return readFile(path);
}

/** As Llama 3 has it: bytes, one token before a text and none behind it. */
function tokenizer(): object {
  const pieces = ['<|begin_of_text|>', '<|end_of_text|>', 'Ġ', ...'abcdefghijklmnopqrstuvwxyz'];
  const vocab = Object.fromEntries(pieces.map((piece, id) => [piece, id]));
  const begin = '<|begin_of_text|>';
  return {
    version: '1.0',
    added_tokens: pieces.slice(0, 2).map((content, id) => ({ id, content, special: true })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: begin, type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
      special_tokens: { [begin]: { id: begin, ids: [0], tokens: [begin] } },
    },
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab, merges: [], ignore_merges: true },
  };
}
