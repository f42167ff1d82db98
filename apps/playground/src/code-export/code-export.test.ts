import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as core from '@tessera/core';
import { fakeModel } from '@tessera/core/testing';
import { buildPolicy, parseSpec } from '@tessera/format';
import * as gtr from '@tessera/gtr';
import { modelFolder } from '@tessera/model-tiny';
import { loadModel, readPng } from '@tessera/runtime-node';
import { describe, expect, it } from 'vitest';
import { EXAMPLES } from '../own-policy/examples.js';
import { POLICY_NAMES } from '../policies/shown-policies.js';
import { generationOf } from '../recipe/recipe.js';
import { requestOf } from '../settings/condition.js';
import { ADVISED, asPublished, type Settings } from '../settings/settings.js';
import { browserCode, EMBEDDED, nodeCode } from './code-export.js';

const named = (name: (typeof POLICY_NAMES)[number]): Settings => ({
  ...asPublished(ADVISED.class),
  policy: { kind: 'named', name },
});

/** The plans of a policy, as text. */
async function planImage(policy: core.SamplingPolicy): Promise<string> {
  const model = fakeModel({ shape: { height: 16, width: 16, channels: 1 } });
  const sampler = () => core.ancestralSampler()(2);
  const requests = [{ seed: 1, input: { classLabel: 0 } }];
  const [image] = await core.generateImages({ model, requests, policy, sampler });
  return JSON.stringify(
    image!.steps.map(({ plan }) => [plan.stage, [...plan.positions], [...plan.diffusionSteps]]),
  );
}

describe('the exported code', () => {
  it.each(POLICY_NAMES)('makes the policy that %s stands for', async (name) => {
    for (const { files } of [
      nodeCode(named(name), EMBEDDED.class),
      browserCode(named(name), EMBEDDED.class),
    ]) {
      const [, expression] = /^ {2}policy: (.*),$/m.exec(files[0]!.code)!;
      const scope: Record<string, unknown> = { ...core, ...gtr };
      const policy = new Function(...Object.keys(scope), `return ${expression}`)(...Object.values(scope));
      expect(await planImage(policy)).toBe(await planImage(buildPolicy(parseSpec(name).policy)));
      expect(files[0]!.code.includes('ancestralSampler')).toBe(name === 'disa');
    }
  });

  it('runs on Node as it is pasted and draws the same picture as the page’s settings do', async () => {
    const settings = { ...named('gtr-16-quincunx'), guidance: 1 };
    const png = await runOnNode(settings);
    const model = await loadModel(modelFolder);
    const { seed, condition } = settings;
    const [drawn] = await core.generateImages({
      model,
      requests: [{ seed, ...requestOf(condition) }],
      ...generationOf(settings, model.manifest),
    });
    await model.dispose();
    expect(png).toEqual(drawn!.image);
  });

  it('asks for a prompt, of the model that takes one', () => {
    const condition = { kind: 'text' as const, prompt: 'a "red" fox', negativePrompt: 'snow' };
    for (const { install, files } of [nodeCode, browserCode].map((code) =>
      code({ ...ADVISED.text, condition }, EMBEDDED.text),
    )) {
      expect(install).toContain(' @tessera/model-tiny-text ');
      expect(files[0]!.code).not.toMatch(/model-tiny(?!-text)/);
      const [, requests] = /^ {2}requests: (.*),$/m.exec(files[0]!.code)!;
      const input = { prompt: 'a "red" fox', negativePrompt: 'snow' };
      expect(new Function(`return ${requests}`)()).toEqual([{ seed: 11, input }]);
    }
  });

  it('installs what a policy imports, in whichever quotes', () => {
    for (const source of [
      "import { a } from '@tessera/fts';",
      'import { a } from "@tessera/fts";',
      'import"@tessera/fts";',
    ]) {
      const policy = { kind: 'own' as const, source };
      expect(nodeCode({ ...ADVISED.class, policy }, EMBEDDED.class).install).toContain(' @tessera/fts ');
    }
  });

  it('brings a policy of one’s own along as a module beside it', async () => {
    const settings: Settings = {
      ...ADVISED.class,
      guidance: 1,
      policy: { kind: 'own', source: EXAMPLES[2]!.source },
    };
    const { install, files } = nodeCode(settings, EMBEDDED.class);
    expect(install).toContain('@tessera/fts');
    expect(files.map(({ name }) => name)).toEqual(['picture.mjs', 'policy.mjs']);
    expect((await runOnNode(settings)).width).toBe(64);
  });
});

async function runOnNode(settings: Settings): Promise<core.ImageRgb> {
  // Below this app's node_modules, where the packages that the code imports are installed.
  const folder = await mkdtemp(fileURLToPath(new URL('../../node_modules/.code-export-', import.meta.url)));
  try {
    const { files } = nodeCode(settings, EMBEDDED.class);
    for (const { name, code } of files) await writeFile(join(folder, name), code);
    await promisify(execFile)(process.execPath, [files[0]!.name], { cwd: folder });
    expect((await readFile(join(folder, 'mushroom.png'))).length).toBeGreaterThan(500);
    return await readPng(join(folder, 'mushroom.png'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
