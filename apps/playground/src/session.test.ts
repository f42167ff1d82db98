import { readFile } from 'node:fs/promises';
import { TesseraError } from '@tessera/core';
import { fakeModel } from '@tessera/core/testing';
import { parseManifest } from '@tessera/format';
import { modelFolder } from '@tessera/model-tiny';
import { modelFolder as textModelFolder } from '@tessera/model-tiny-text';
import type { LoadedModel } from '@tessera/runtime-web';
import { get } from 'svelte/store';
import { describe, expect, it, vi } from 'vitest';
import { choiceStore } from './choice-store.js';
import type { ModelSource } from './model-loading/model-host.js';
import { EMBEDDED } from './model-loading/model-location.js';
import type { PictureState } from './run/picture-run.js';
import { Session } from './session.js';
import { ADVISED, type Settings } from './settings/settings.js';
import { DEFAULT_COMPARED, type Linked } from './settings/settings-link.js';
import { memoryHistory } from './testing/memory-history.js';

const manifestIn = async (folder: URL) => parseManifest(await readFile(new URL('mar.json', folder), 'utf8'));
const classManifest = await manifestIn(modelFolder);
const textManifest = await manifestIn(textModelFolder);
/** Settings of few steps. */
const prompted: Settings = {
  ...ADVISED.text,
  condition: { kind: 'text', prompt: 'a cat', negativePrompt: 'snow' },
  seed: 7,
  guidance: 1,
};
const own = { kind: 'own' as const, source: 'export default 1;' };
const noGpu = { available: false, software: false, f16: { available: false } };

const memory = () =>
  choiceStore(() => {
    throw new Error('There is no storage in a test.');
  });

function link(settings: Partial<Settings> = {}, rest: Partial<Linked> = {}): Linked {
  const whole = { ...ADVISED.class, guidance: 1, ...settings };
  return { view: 'generate', compared: DEFAULT_COMPARED, settings: whole, ...rest };
}

/** The model that is made up takes classes. */
const asClass = <Image extends { readonly input: object }>(image: Image) => ({
  ...image,
  input: { classLabel: 0 },
});

/** A session whose models are made up; `missing` are thrown by the first loads of one, `errors` by the first calls. */
function session({
  missing = [],
  errors = [],
  linked = link(),
}: {
  missing?: unknown[];
  errors?: unknown[];
  linked?: Linked;
} = {}) {
  const loaded: string[] = [];
  const source: ModelSource = {
    versions: {},
    probe: async () => ({
      webgpu: noGpu,
      threads: { count: 1 },
      crossOriginIsolated: { available: true },
      storage: { available: true },
    }),
    online: () => true,
    savesData: () => false,
    async load(location, choice) {
      loaded.push(choice);
      if (missing.length > 0) throw missing.shift();
      const isText = location === EMBEDDED.text || location.kind === 'address';
      const manifest = isText ? textManifest : classManifest;
      const model = fakeModel({ shape: manifest.grid });
      const known = { device: choice === 'auto' ? 'webgpu' : 'wasm', dtype: 'fp16', threads: 1 };
      const condition: typeof model.condition = async (request) => {
        const error = errors.shift();
        if (error) throw error;
        if (!isText) return model.condition(request);
        if (request.batch.some(({ input }) => !('prompt' in input))) throw new TypeError('not a prompt');
        return model.condition({ ...request, batch: request.batch.map(asClass) });
      };
      const all = { ...model, ...known, condition, manifest, fallbacks: [] };
      return all as unknown as LoadedModel;
    },
  };
  const stores = { visit: memory(), tab: memory(), history: memoryHistory() };
  return { loaded, session: new Session(source, linked, stores) };
}

async function ended(given: Session): Promise<PictureState> {
  await vi.waitFor(() => expect(get(given.picture.state).status).not.toBe('running'), 20_000);
  return get(given.picture.state);
}

describe('a session', () => {
  it.each(['device-lost', 'worker-ended', 'model-disposed'])(
    'loads the model again for the picture after %s',
    async (code) => {
      const { session: page, loaded } = session({ errors: [new TesseraError(code, 'gone')] });
      page.draw();
      expect((await ended(page)).failure?.advice).toMatch(/begin again/i);
      page.draw();
      expect((await ended(page)).status).toBe('done');
      expect(loaded).toEqual(['auto', 'auto']);
    },
  );

  it.each([
    ['it is loaded again', (page: Session) => page.loadAgain()],
    ['another device is chosen', (page: Session) => page.chooseDevice('wasm')],
  ])('draws what failed for want of the model when %s, and says once what is wrong', async (_, mend) => {
    const missing = [new TesseraError('model-file', 'x'), new TesseraError('model-file', 'y')];
    const { session: page } = session({ missing });
    page.race();
    page.draw();
    for (let tries = 0; tries < 2; tries++) {
      expect((await ended(page)).failure).toBeUndefined();
      expect(get(page.host.state).phase).toBe('failed');
      mend(page);
    }
    expect((await ended(page)).status).toBe('done');
    expect(page.comparison.running).toBe(false);
  });

  it('begins what is under way again on another device, and says of a picture where it was made', async () => {
    const { session: page, loaded } = session();
    const seen: string[] = [];
    page.picture.state.subscribe(({ status }) => seen.push(status));
    page.draw();
    page.chooseDevice('wasm');
    expect(await ended(page)).toMatchObject({
      status: 'done',
      finished: { environment: { device: 'wasm' } },
    });
    expect(seen).not.toContain('failed');
    expect(loaded.at(-1)).toBe('wasm');
    page.chooseDevice('auto');
    expect(get(page.picture.state)).toMatchObject({
      status: 'done',
      finished: { environment: { device: 'wasm' } },
    });
    await page.model();
    expect(loaded.at(-1)).toBe('auto');
  });

  it('draws what a link says, unless someone else wrote the code', async () => {
    const { session: page } = session();
    page.follow(link({ seed: 5 }));
    expect(await ended(page)).toMatchObject({ status: 'done', settings: { seed: 5 } });
    page.follow(link({ policy: own }));
    expect(get(page.waits)).toBe('policy');
    expect(get(page.picture.state).settings?.seed).toBe(5);
    expect(page.draft.now.source).toBe(own.source);
    page.follow(link({ seed: 6 }, { view: 'edit' }));
    expect(page.picture.running).toBe(false);
  });

  it('compares policies as published unless its link says otherwise', () => {
    const settings = { sampler: 'dpm' as const, redrawn: 0.25 };
    const compared = (linked: Linked) => get(session({ linked }).session.settings.compare);
    expect(compared(link(settings))).toMatchObject({ sampler: 'ancestral', redrawn: 0 });
    expect(compared(link(settings, { view: 'compare' }))).toMatchObject(settings);
  });

  it('moves to the embedded model that takes what is asked for, and back', async () => {
    const { session: page, loaded } = session();
    expect(get(page.location)).toBe(EMBEDDED.class);
    page.follow({ ...link(), settings: prompted });
    expect(get(page.location)).toBe(EMBEDDED.text);
    expect(get(page.settings.generate)).toEqual(prompted);
    expect(get(page.settings.edit)).toEqual({ ...ADVISED.text, seed: 11 });
    expect((await ended(page)).settings).toEqual(prompted);
    await vi.waitFor(() => expect(get(page.history.entries)).toHaveLength(1), 20_000);
    const entry = get(page.history.entries)[0]!;
    expect(entry).toMatchObject({ title: 'a cat', file: '00000-a-cat.png', settings: prompted });
    expect(JSON.parse(entry.recipe!).images).toEqual([
      { index: 0, prompt: 'a cat', negativePrompt: 'snow', file: '00000-a-cat.png' },
    ]);
    page.chooseModel(EMBEDDED.class);
    expect(get(page.settings.generate)).toEqual({ ...ADVISED.class, seed: 7 });
    await page.showEntry(entry);
    expect(get(page.location)).toBe(EMBEDDED.text);
    expect(get(page.settings.generate)).toEqual(prompted);
    page.chooseModel(EMBEDDED.class);
    await page.open(new File([entry.recipe!], 'recipe.json'));
    expect((await ended(page)).settings).toEqual(prompted);
    expect(loaded.length).toBeGreaterThan(2);
  });

  it('draws anew what was asked of a model that turns out to take something else', async () => {
    const { session: page } = session();
    page.chooseModel({ kind: 'address', url: 'https://example.org/text/' });
    page.draw();
    expect(await ended(page)).toMatchObject({ status: 'done', settings: { condition: { kind: 'text' } } });
  });

  it('draws nothing unasked where a link is damaged, and says so until the user begins', () => {
    const damaged = link({}, { damage: 'x' });
    for (const { session: page } of [session({ linked: damaged }), session()]) {
      page.follow(damaged);
      page.drawUnasked();
      expect(page.picture.running).toBe(false);
      expect(get(page.damage)?.advice).toMatch(/ask for it again/);
      page.draw();
      expect(get(page.damage)).toBeUndefined();
      page.picture.stop();
    }
    expect(get(session({ linked: damaged }).session.damage)?.detail).toBe('x');
  });

  it('asks no more before it runs code that the user has run once', () => {
    const { session: page } = session({ linked: link({ policy: own }) });
    expect(get(page.waits)).toBe('policy');
    page.draw();
    expect(get(page.waits)).toBeUndefined();
    page.picture.stop();
  });

  it('draws one thing at a time', async () => {
    const { session: page } = session();
    page.draw();
    page.race();
    expect(get(page.picture.state).status).toBe('stopped');
    expect(page.comparison.running).toBe(true);
    page.draw();
    expect(get(page.comparison.state)).toMatchObject({ status: 'stopped', settings: { seed: 11 } });
    await ended(page);
  });

  it('keeps an edit: what was marked, and the picture it was marked in', async () => {
    const { session: page } = session();
    page.draw();
    const { finished } = await ended(page);
    page.edit.offer(finished!);
    const mask = new Uint8Array(256);
    mask[20] = 1;
    page.edit.mark(mask);
    page.renew();
    await vi.waitFor(() => expect(get(page.edit.run.state).status).toBe('done'), 20_000);
    expect(get(page.edit.run.state).steps.flatMap(({ positions }) => [...positions])).toEqual([20]);
    expect(get(page.edit.state)).toMatchObject({ picture: { image: finished!.image }, mask });
    page.edit.offer({ image: { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3) } });
    expect(get(page.edit.state)).toMatchObject({ picture: { image: finished!.image }, mask });
  });
});
