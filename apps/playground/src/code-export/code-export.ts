import {
  type Import,
  importLines,
  type Manifest,
  mergedImports,
  samplingCode,
  slugOf,
} from '@tessera/format';
import { EMBEDDED_FACTS } from '../model-loading/model-facts.js';
import { samplingConfig, settingsConfig } from '../recipe/recipe.js';
import { type Condition, conditionTitle } from '../settings/condition.js';
import type { Settings } from '../settings/settings.js';

/** Code that makes the current picture, and what to do before it runs. */
export interface CodeExport {
  readonly install: string;
  readonly files: readonly { readonly name: string; readonly code: string }[];
}

/** `npm`: the package that it comes in. */
type Model = Pick<Manifest, 'name' | 'condition' | 'sampling'> & { readonly npm: string };

/** What the code needs to know of the embedded models, which need not be loaded for it: also what they advise. */
export const EMBEDDED: Readonly<Record<Condition['kind'], Model>> = {
  class: {
    ...EMBEDDED_FACTS.class,
    npm: '@tessera/model-tiny',
    sampling: { guidance: { schedule: 'linear', scale: 3 }, temperature: 0.95 },
  },
  text: {
    ...EMBEDDED_FACTS.text,
    npm: '@tessera/model-tiny-text',
    sampling: { guidance: { schedule: 'constant', scale: 1.5 }, temperature: 0.8 },
  },
};

/** For Node. */
export function nodeCode(settings: Settings, model: Model): CodeExport {
  const made = generation(settings, model);
  const { npm } = model;
  const file = `${slugOf(conditionTitle(settings.condition, model), 'prompt')}.png`;
  const picture = `${importLines([...made.imports, { module: npm, names: ['modelFolder'] }, { module: '@tessera/runtime-node', names: ['loadModel', 'writePng'] }])}
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
    install: `npm install ${packages(made)} @tessera/runtime-node ${npm} onnxruntime-node`,
    files: [{ name: 'picture.mjs', code: picture }, ...made.files],
  };
}

/** For a page built by Vite. */
export function browserCode(settings: Settings, model: Model): CodeExport {
  const made = generation(settings, model);
  const { npm } = model;
  const main = `${importLines([...made.imports, { module: '@tessera/runtime-web', names: ['loadModel'] }])}
import mjs from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url';
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url';
${made.local}
// Copy node_modules/${npm}/model to public/model first.
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
    install: `npm install ${packages(made)} @tessera/runtime-web ${npm} onnxruntime-web
cp -r node_modules/${npm}/model public/model`,
    files: [{ name: 'main.js', code: main }, { name: 'worker.js', code: worker }, ...made.files],
  };
}

interface Generation {
  readonly imports: readonly Import[];
  readonly local: string;
  readonly options: string;
  readonly files: CodeExport['files'];
}

function generation(settings: Settings, model: Model): Generation {
  const { seed, condition, policy } = settings;
  const own = policy.kind === 'own';
  const made = samplingCode(
    own ? settingsConfig(settings, model) : samplingConfig({ ...settings, policy }, model),
    model.sampling,
  );
  const lines = [requestLine(seed, condition, model), ...(own ? ['policy,'] : []), ...made.lines];
  return {
    imports: mergedImports([{ module: '@tessera/core', names: ['generateImages'] }, ...made.imports]),
    local: own ? "import policy from './policy.mjs';\n" : '',
    options: lines.map((line) => `  ${line}`).join('\n'),
    files: own ? [{ name: 'policy.mjs', code: policy.source }] : [],
  };
}

function requestLine(seed: number, condition: Condition, model: Model): string {
  if (condition.kind === 'class') {
    const { classLabel } = condition;
    const className = conditionTitle(condition, model);
    return `requests: [{ seed: ${seed}, imageIndex: ${classLabel}, input: { classLabel: ${classLabel} } }], // ${className}`;
  }
  const { prompt, negativePrompt } = condition;
  const negative = negativePrompt === undefined ? '' : `, negativePrompt: ${JSON.stringify(negativePrompt)}`;
  return `requests: [{ seed: ${seed}, input: { prompt: ${JSON.stringify(prompt)}${negative} } }],`;
}

/** Packages that the code imports, those that a policy of one's own does among them. */
function packages({ imports: all, files }: Generation): string {
  const own = files.flatMap(({ code }) =>
    [...code.matchAll(/(?:from|import)\s*['"](@tessera\/[\w-]+)['"]/g)].map(([, name]) => name!),
  );
  return [...new Set([...all.map(({ module }) => module), ...own])].sort().join(' ');
}
