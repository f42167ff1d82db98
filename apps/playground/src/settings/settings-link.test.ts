import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EXAMPLES } from '../own-policy/examples.js';
import { DIFFUSION_STEPS, STEPS } from '../policies/policy-spec.js';
import { POLICY_NAMES } from '../policies/shown-policies.js';
import { DEFAULT_SETTINGS, LARGEST_SEED, type Settings } from './settings.js';
import { DEFAULT_COMPARED, fromHash, type Linked, toHash, VIEWS } from './settings-link.js';
import { compressText } from './text-compression.js';

const settings: fc.Arbitrary<Settings> = fc.record({
  condition: fc.oneof(
    fc.record({ kind: fc.constant('class' as const), classLabel: fc.nat(11) }),
    fc.record(
      {
        kind: fc.constant('text' as const),
        prompt: fc.string({ unit: 'grapheme' }).map((text) => `a ${text}`),
        negativePrompt: fc.string({ unit: 'grapheme', minLength: 1 }),
      },
      { requiredKeys: ['kind', 'prompt'] },
    ),
  ),
  seed: fc.nat(LARGEST_SEED),
  policy: fc.oneof(
    fc.record(
      {
        kind: fc.constant('named' as const),
        name: fc.constantFrom(...POLICY_NAMES),
        steps: fc.integer(STEPS),
        diffusionSteps: fc.integer(DIFFUSION_STEPS),
      },
      { requiredKeys: ['kind', 'name'] },
    ),
    fc.record({ kind: fc.constant('own' as const), source: fc.string({ unit: 'grapheme', maxLength: 400 }) }),
  ),
  guidance: fc.double({ min: 1, max: 8, noNaN: true }),
  temperature: fc.double({ min: 0.5, max: 1.2, noNaN: true }),
  sampler: fc.constantFrom('ancestral' as const, 'dpm' as const),
  redrawn: fc.double({ min: 0, max: 0.5, noNaN: true }),
  rounds: fc.integer({ min: 1, max: 4 }),
});

describe('a link', () => {
  it('brings back every setting, whatever the code of a policy holds', async () => {
    const linked: fc.Arbitrary<Linked> = fc.record({
      view: fc.constantFrom(...VIEWS),
      settings,
      compared: fc.subarray([...POLICY_NAMES], { minLength: 2, maxLength: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(linked, async (given) => {
        expect(await fromHash(await toHash(given))).toEqual(given);
      }),
    );
  });

  it('brings back which policies are compared, two to six of them', async () => {
    const compared = POLICY_NAMES.slice(0, 6);
    const hash = await toHash({ view: 'compare', settings: DEFAULT_SETTINGS, compared });
    expect((await fromHash(hash)).compared).toEqual(compared);
    expect((await fromHash('#compare?compare=mar')).compared).toEqual(DEFAULT_COMPARED);
    expect((await fromHash(`#compare?compare=${POLICY_NAMES.join('.')}`)).compared).toHaveLength(6);
  });

  it('asks for no class that the model has not', async () => {
    const { settings } = await fromHash('#generate?class=500');
    expect(settings.condition).toEqual({ kind: 'class', classLabel: 11 });
    const own = await fromHash('#generate?class=500&model=https://example.org/m/');
    expect(own.settings.condition).toEqual({ kind: 'class', classLabel: 500 });
  });

  it('says what can’t be read of a policy that is damaged, cut short or not there', async () => {
    const policy = { kind: 'own' as const, source: EXAMPLES[0]!.source };
    const whole = await toHash({ view: 'generate', settings: { ...DEFAULT_SETTINGS, policy }, compared: [] });
    const end = whole.indexOf('&compare');
    for (let cut = whole.indexOf('own=') + 4; cut < end; cut++) {
      const { damage, settings: read } = await fromHash(whole.slice(0, cut));
      expect(damage, whole.slice(0, cut)).toMatch(/can’t be unpacked/);
      expect(read.policy).toEqual(DEFAULT_SETTINGS.policy);
    }
    expect(await fromHash(whole.slice(0, end))).not.toHaveProperty('damage');
    expect((await fromHash('#generate?policy=gtr-1')).damage).toMatch(/no policy “gtr-1”/);
  });

  it('leaves out code that it could not bring back', async () => {
    const settings = { ...DEFAULT_SETTINGS, policy: { kind: 'own' as const, source: ' '.repeat(200_001) } };
    const hash = await toHash({ view: 'policy', settings, compared: DEFAULT_COMPARED });
    expect(await fromHash(hash)).toEqual({
      view: 'policy',
      settings: DEFAULT_SETTINGS,
      compared: DEFAULT_COMPARED,
    });
  });

  it('that is damaged opens the page with defaults', async () => {
    const usual = { view: 'generate', settings: DEFAULT_SETTINGS, compared: DEFAULT_COMPARED };
    for (const hash of [
      '',
      '#',
      '#nowhere',
      '#generate?seed=x&class=&policy=toString',
      '#generate?own=%%%',
    ]) {
      expect(await fromHash(hash)).toMatchObject(usual);
    }
    await fc.assert(
      fc.asyncProperty(fc.string(), async (text) => {
        const { settings: read } = await fromHash(`#policy?own=${text}&seed=${text}&guidance=${text}`);
        expect(read.seed).toBeLessThanOrEqual(LARGEST_SEED);
        expect(read.guidance).toBeGreaterThanOrEqual(1);
      }),
    );
  });

  it('from before tokens could be drawn again draws none again', async () => {
    expect((await fromHash('#generate?prompt=a+fox&policy=gtr-gradual')).settings.redrawn).toBe(0);
    expect((await fromHash('#generate?prompt=a+fox')).settings.redrawn).toBe(DEFAULT_SETTINGS.redrawn);
  });

  it('that names its policy and no sampler means the published one, as it did', async () => {
    const sampler = async (hash: string) => (await fromHash(hash)).settings.sampler;
    expect(await sampler('#generate?prompt=a+fox&policy=gtr-gradual&redrawn=0.15&rounds=1')).toBe(
      'ancestral',
    );
    expect(await sampler('#generate?prompt=a+fox')).toBe(DEFAULT_SETTINGS.sampler);
    expect(await sampler('#generate?prompt=a+fox&policy=gtr-gradual&sampler=toString')).toBe('ancestral');
  });

  it('to a comparison draws policies as published unless it says otherwise', async () => {
    const { settings } = await fromHash('#compare?prompt=a+fox');
    expect(settings).toMatchObject({ sampler: 'ancestral', redrawn: 0 });
    expect((await fromHash('#compare?prompt=a+fox&sampler=dpm')).settings.sampler).toBe('dpm');
  });

  it('that says what share is drawn again, and not how often, means twice, as it did', async () => {
    expect((await fromHash('#generate?prompt=a+fox&redrawn=0.2')).settings.rounds).toBe(2);
    expect((await fromHash('#generate?prompt=a+fox')).settings.rounds).toBe(DEFAULT_SETTINGS.rounds);
  });

  it('does not unpack more than a policy can be', async () => {
    const bomb = await compressText('a'.repeat(5_000_000));
    expect(bomb.length).toBeLessThan(10_000);
    expect((await fromHash(`#policy?own=${bomb}`)).settings.policy).toEqual(DEFAULT_SETTINGS.policy);
  });
});
