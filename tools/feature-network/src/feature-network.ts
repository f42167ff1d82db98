import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { makeFeatureNetwork } from './make-feature-network.js';

const HELP = `Usage: pnpm --filter @tessera/tool-feature-network make [options]

Makes the feature network of @tessera/evaluate from what tools/train trained.

  --work FOLDER      its workplace   [tools/train/checkpoints]
  --out FOLDER       gets feature-network.onnx, reference.bin and feature-network.json   [packages/evaluate/feature-network]
  --fixtures FOLDER  gets real.png, pictures for the tests   [packages/evaluate/fixtures]`;

const fromRoot = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      work: { type: 'string', default: fromRoot('tools/train/checkpoints') },
      out: { type: 'string', default: fromRoot('packages/evaluate/feature-network') },
      fixtures: { type: 'string', default: fromRoot('packages/evaluate/fixtures') },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    return;
  }
  const { description, graphBytes } = await makeFeatureNetwork(values);
  const { reference, network } = description;
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
  console.log(`graph      ${(graphBytes / 1e6).toFixed(2)} MB, ${network.features.width} features`);
  console.log(`reference  ${reference.name}, ${(reference.bytes / 1e6).toFixed(2)} MB`);
  console.log(`classes    ${percent(reference.classAccuracy)} right`);
  console.log(`damages    ${percent(reference.damages.none!)} seen as intact`);
}

main().catch((error: unknown) => {
  console.error(`feature-network: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
