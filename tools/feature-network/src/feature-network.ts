import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ImageRgb } from '@tessera/core';
import { modelFolder } from '@tessera/model-tiny-text';
import { loadModel } from '@tessera/runtime-node';
import { makeFeatureNetwork } from './make-feature-network.js';
import { makeSceneNetwork } from './make-scene-network.js';
import { recordVariant } from './record-variant.js';

const HELP = `Usage: pnpm --filter @tessera/tool-feature-network make [options]

Makes the feature network of @tessera/evaluate from what tools/train trained; or with --scenes the network of scenes, by which
pictures of prompts are measured; or with --record adds a variant's pictures, as the network saw them, to its files.

  --scenes           make the network of scenes
  --record NAME      the pictures' file, such as mar-64x100; with --evaluation FOLDER, where tessera evaluate drew them, and
                     --variant NAME, the variant's name there
  --work FOLDER      its workplace   [tools/train/checkpoints, of scenes text in it]
  --out FOLDER       gets feature-network.onnx, reference.bin, feature-network.json, and prompts.json of scenes
                     [packages/evaluate/feature-network, of scenes packages/evaluate/scene-network]
  --fixtures FOLDER  gets real.png, pictures for the tests; without --scenes   [packages/evaluate/fixtures]`;

const fromRoot = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      scenes: { type: 'boolean', default: false },
      record: { type: 'string' },
      evaluation: { type: 'string' },
      variant: { type: 'string' },
      work: { type: 'string' },
      out: { type: 'string' },
      fixtures: { type: 'string', default: fromRoot('packages/evaluate/fixtures') },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const { scenes, record, evaluation, variant } = values;
  const work = values.work ?? fromRoot(`tools/train/checkpoints${scenes ? '/text' : ''}`);
  const out = values.out ?? fromRoot(`packages/evaluate/${scenes ? 'scene' : 'feature'}-network`);
  if (record !== undefined) {
    if (evaluation === undefined || variant === undefined)
      throw new Error('--record needs --evaluation and --variant.');
    const recorded = await recordVariant({ evaluation, arm: variant, network: out, name: record });
    console.log(`recorded   ${recorded.count} pictures, ${(recorded.bytes / 1e6).toFixed(2)} MB`);
    return;
  }
  const { reference, network, graph, margins } = scenes
    ? await makeSceneNetwork({ work, out, code: coded })
    : await makeFeatureNetwork({ work, out, fixtures: values.fixtures });
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  console.log(`graph      ${(graph.bytes / 1e6).toFixed(2)} MB, ${network.features.width} features`);
  console.log(`reference  ${reference.name}, ${(reference.bytes / 1e6).toFixed(2)} MB`);
  console.log(`${scenes ? 'prompts  ' : 'classes  '}  ${percent(reference.classAccuracy)} right`);
  console.log(`damages    ${percent(reference.damages.none!)} seen as intact`);
  console.log(`margins    ${JSON.stringify(margins)}`);
}

/** Pictures as the embedded text model's autoencoder gives them back. */
async function coded(pictures: readonly ImageRgb[]): Promise<ImageRgb[]> {
  const model = await loadModel(modelFolder, { device: 'cpu' });
  const back: ImageRgb[] = [];
  try {
    for (let from = 0; from < pictures.length; from += 24) {
      back.push(...(await model.decode(await model.encode(pictures.slice(from, from + 24)))));
    }
  } finally {
    await model.dispose();
  }
  return back;
}

main().catch((error: unknown) => {
  console.error(`feature-network: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
