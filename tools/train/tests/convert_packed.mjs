/**
 * Converts a packed model and runs its graphs: `node convert_packed.mjs FOLDER`. FOLDER holds `model/` as packed and
 * `probe.json` with latents and a picture; the decoder's and the encoder's outputs and the manifest go to stdout as JSON.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { convertModel } from '../../../packages/convert/dist/index.js';

const require = createRequire(new URL('../../../packages/convert/package.json', import.meta.url));
const { InferenceSession, Tensor } = require('onnxruntime-node');

const folder = process.argv[2];
const json = async (path) => JSON.parse(await readFile(join(folder, path), 'utf8'));
const config = await json('model/config.json');
const { manifest } = await convertModel({
  mar: { checkpoint: join(folder, 'model/mar.safetensors'), config: config.mar },
  vae: { checkpoint: join(folder, 'model/vae.safetensors'), config: config.vae },
  out: join(folder, 'converted'),
  name: 'probe',
  licence: 'MIT',
  source: 'random weights',
  classNames: config.classes,
  sampling: {
    guidance: { schedule: config.sampling.cfg_schedule, scale: config.sampling.guidance_scale },
    temperature: config.sampling.temperature,
    clamp: config.sampling.x0_clamp,
  },
});

const probe = await json('probe.json');
const run = async (name, input, { data, shape }) => {
  const session = await InferenceSession.create(join(folder, `converted/onnx/${name}.onnx`), {
    logSeverityLevel: 3,
  });
  const outputs = await session.run({ [input]: new Tensor('float32', Float32Array.from(data), shape) });
  return Array.from(Object.values(outputs)[0].data);
};
const image = await run('decoder', 'latents', probe.latents);
const moments = await run('encoder', 'image', probe.image);
process.stdout.write(JSON.stringify({ manifest, image, moments }));
