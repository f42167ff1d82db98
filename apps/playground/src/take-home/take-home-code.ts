import type { Manifest } from '@tessera/format';
import { classNameOf, type PolicyDescription, slugOf } from '@tessera/format';
import type { GtrPreset } from '@tessera/gtr';
import { namedPolicy } from '../policies/shown-policies.js';
import type { Settings } from '../settings/settings.js';

/** Code that makes the current picture, and what to do before it runs. */
export interface TakeHome {
  readonly install: string;
  readonly files: readonly { readonly name: string; readonly code: string }[];
}

type Model = Pick<Manifest, 'condition' | 'sampling'>;

/** For Node. */
export function nodeCode(settings: Settings, model: Model): TakeHome {
  const made = generation(settings, model);
  const file = `${slugOf(classNameOf(model.condition, settings.classLabel))}.png`;
  const picture = `${imports([...made.imports, { module: '@tessera/model-tiny', names: ['modelFolder'] }, { module: '@tessera/runtime-node', names: ['loadModel', 'writePng'] }])}
${made.local}
const model = await loadModel(modelFolder);
const [picture] = await generateImages({
  model,
${made.options}
});
await writePng('${file}', picture.image);
await model.dispose();
`;
  return {
    install: `npm install ${packages(made)} @tessera/runtime-node @tessera/model-tiny onnxruntime-node`,
    files: [{ name: 'picture.mjs', code: picture }, ...made.files],
  };
}

/** For a page built by Vite. */
export function browserCode(settings: Settings, model: Model): TakeHome {
  const made = generation(settings, model);
  const main = `${imports([...made.imports, { module: '@tessera/runtime-web', names: ['loadModel'] }])}
import mjs from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
${made.local}
// Copy node_modules/@tessera/model-tiny/model to public/model first.
const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
const model = await loadModel('/model/', { worker, wasmPaths: { mjs, wasm } });
const [picture] = await generateImages({
  model,
${made.options}
});

const { width, height, data } = picture.image;
const canvas = Object.assign(document.createElement('canvas'), { width, height });
const pixels = canvas.getContext('2d').createImageData(width, height);
for (let i = 0; i < width * height; i++) {
  pixels.data.set([data[3 * i], data[3 * i + 1], data[3 * i + 2], 255], 4 * i);
}
canvas.getContext('2d').putImageData(pixels, 0, 0);
document.body.append(canvas);
await model.dispose();
`;
  const worker = `import { serveWorker } from '@tessera/runtime-web/webgpu';

serveWorker();
`;
  return {
    install: `npm install ${packages(made)} @tessera/runtime-web @tessera/model-tiny onnxruntime-web
cp -r node_modules/@tessera/model-tiny/model public/model`,
    files: [{ name: 'main.js', code: main }, { name: 'worker.js', code: worker }, ...made.files],
  };
}

interface Import {
  readonly module: string;
  readonly names: readonly string[];
}

interface Generation {
  readonly imports: readonly Import[];
  readonly local: string;
  readonly options: string;
  readonly files: TakeHome['files'];
}

function generation(settings: Settings, model: Model): Generation {
  const { seed, classLabel, temperature, policy } = settings;
  const guidance = guidanceCode(settings, model);
  const own = policy.kind === 'own';
  const named = own ? undefined : namedPolicy(policy.name);
  const made = named ? policyCode(named.description) : { code: 'policy', imports: [] };
  const sampler =
    named?.maxTimestep === undefined ? [] : [`ancestralSampler({ maxTimestep: ${named.maxTimestep} })`];
  const core: Import = {
    module: '@tessera/core',
    names: ['generateImages', guidance.name, ...(sampler.length > 0 ? ['ancestralSampler'] : [])],
  };
  const className = classNameOf(model.condition, classLabel);
  const lines = [
    `requests: [{ seed: ${seed}, imageIndex: ${classLabel}, input: { classLabel: ${classLabel} } }], // ${className}`,
    `policy: ${made.code},`,
    `guidance: ${guidance.code},`,
    `temperature: ${temperature},`,
    ...sampler.map((code) => `sampler: ${code},`),
  ];
  return {
    imports: merged([core, ...made.imports]),
    local: own ? "import policy from './policy.mjs';\n" : '',
    options: lines.map((line) => `  ${line}`).join('\n'),
    files: own ? [{ name: 'policy.mjs', code: policy.source }] : [],
  };
}

function guidanceCode(
  settings: Settings,
  { sampling }: Model,
): { readonly name: string; readonly code: string } {
  const scale = settings.guidance;
  const { guidance } = sampling;
  switch (guidance.schedule) {
    case 'constant':
      return { name: 'constantGuidance', code: `constantGuidance(${scale})` };
    case 'linear':
      return { name: 'linearGuidance', code: `linearGuidance(${scale})` };
    case 'interval':
      return {
        name: 'intervalGuidance',
        code: `intervalGuidance({ scale: ${scale}, above: ${guidance.above}, upTo: ${guidance.upTo} })`,
      };
  }
}

/** What a preset of those steps holds beside them. */
const PRESETS: Readonly<Record<string, { name: GtrPreset; subsets: string; selects: boolean }>> = {
  '24+6+2': { name: '32', subsets: 'diagonal', selects: true },
  '12+3+1': { name: '16', subsets: 'diagonal', selects: true },
  '4+4+5+7+8+9+3': { name: 'gradual', subsets: 'quincunx', selects: false },
};

function policyCode(description: PolicyDescription): {
  readonly code: string;
  readonly imports: readonly Import[];
} {
  if (description.order === 'gtr') {
    const preset = PRESETS[description.steps.join('+')]!;
    const changes = [
      `preset: '${preset.name}'`,
      ...(description.subsets === preset.subsets ? [] : [`subsets: '${description.subsets}'`]),
      ...(preset.selects && !description.frequencyWeighted ? ['frequencyWeighted: false'] : []),
    ];
    const code = changes.length === 1 ? `gtr('${preset.name}')` : `gtr({ ${changes.join(', ')} })`;
    return { code, imports: [{ module: '@tessera/gtr', names: ['gtr'] }] };
  }
  const name = description.order === 'random' ? 'randomOrder' : description.order;
  const { steps, diffusionSteps } = description;
  if (typeof diffusionSteps === 'number') {
    const code = `${name}({ steps: ${steps}, diffusionSteps: ${diffusionSteps} })`;
    return { code, imports: [{ module: '@tessera/core', names: [name] }] };
  }
  const { from, to } = diffusionSteps;
  return {
    code: `${name}({ steps: ${steps}, diffusionSteps: annealedDiffusionSteps({ from: ${from}, to: ${to} }) })`,
    imports: [{ module: '@tessera/core', names: [name, 'annealedDiffusionSteps'] }],
  };
}

function merged(all: readonly Import[]): readonly Import[] {
  const modules = [...new Set(all.map(({ module }) => module))];
  return modules.map((module) => ({
    module,
    names: all.filter((each) => each.module === module).flatMap(({ names }) => names),
  }));
}

function imports(all: readonly Import[]): string {
  return [...all]
    .sort((a, b) => (a.module < b.module ? -1 : 1))
    .map(({ module, names }) => `import { ${[...new Set(names)].sort().join(', ')} } from '${module}';`)
    .join('\n');
}

/** Packages that the code imports, those that a policy of one's own does among them. */
function packages({ imports: all, files }: Generation): string {
  const own = files.flatMap(({ code }) =>
    [...code.matchAll(/(?:from|import)\s*['"](@tessera\/[\w-]+)['"]/g)].map(([, name]) => name!),
  );
  return [...new Set([...all.map(({ module }) => module), ...own])].sort().join(' ');
}
