import { type ImageRgb, TesseraError, type TokenGrid } from '@tessera/core';
import type { LoadedModel } from '@tessera/runtime-web';
import { derived, get, type Readable, type Writable, writable } from 'svelte/store';
import type { ChoiceStore } from './choice-store.js';
import { PictureEdit } from './edit/picture-edit.js';
import { type DeviceChoice, isDeviceChoice } from './model-loading/device-choice.js';
import { type Failure, failureOf } from './model-loading/failure.js';
import { ModelHost, type ModelSource } from './model-loading/model-host.js';
import { Draft } from './own-policy/draft.js';
import { PolicyTrial } from './own-policy/policy-trial.js';
import { policyTitle } from './policies/policy-title.js';
import type { PolicyName } from './policies/shown-policies.js';
import { generationOf } from './recipe/recipe.js';
import { Comparison } from './run/comparison.js';
import { PictureRun } from './run/picture-run.js';
import { recordRun } from './run/record-run.js';
import type { Run } from './run/step-record.js';
import type { PolicyChoice, Settings } from './settings/settings.js';
import type { Linked, View } from './settings/settings-link.js';

const DEVICE_KEY = 'tessera-device';

/** What all views share. It stays while the page is open, whichever view is shown. */
export class Session {
  readonly view: Writable<View>;
  readonly settings: Writable<Settings>;
  readonly compared: Writable<readonly PolicyName[]>;
  readonly device: Readable<DeviceChoice>;
  readonly host: ModelHost;
  /** The picture of the view "Generate". */
  readonly picture: PictureRun;
  /** The race of the view "Compare". */
  readonly comparison: Comparison;
  /** The picture of the view "Edit". */
  readonly edit: PictureEdit;
  /** What the user writes under "Write a policy", and what came of it. */
  readonly draft: Draft;
  readonly trial: PolicyTrial;
  /** Whether the policy that is set came with an address and has not been run: then nothing runs it unasked. */
  readonly waits: Readable<boolean>;
  /** What can't be read of the address; until then nothing is drawn unasked. */
  readonly damage: Readable<Failure | undefined>;
  readonly #source: ModelSource;
  readonly #setDevice: (device: DeviceChoice) => void;
  readonly #setDamage: (damage: Failure | undefined) => void;

  /** @param stores what is kept from visit to visit, and while the tab is open */
  constructor(
    source: ModelSource,
    linked: Linked,
    stores: { readonly visit: ChoiceStore; readonly tab: ChoiceStore },
  ) {
    this.view = writable(linked.view);
    this.settings = writable(linked.settings);
    this.compared = writable(linked.compared);
    this.draft = new Draft(stores.tab, linked.settings.policy);
    this.waits = derived(
      [this.settings, this.draft.state],
      ([{ policy }, { foreign }]) => policy.kind === 'own' && foreign,
    );
    const damage = writable<Failure | undefined>(damageOf(linked));
    this.damage = damage;
    this.#setDamage = damage.set;
    const kept = stores.visit.getItem(DEVICE_KEY);
    const device = writable<DeviceChoice>(isDeviceChoice(kept) ? kept : 'auto');
    device.subscribe((choice) => stores.visit.setItem(DEVICE_KEY, choice));
    this.device = device;
    this.#setDevice = device.set;
    this.#source = source;
    this.host = new ModelHost(source);
    const tell = (error: unknown): Failure | undefined => {
      this.host.forgetLost(error);
      return this.host.tells(error) ? undefined : failureOf(error);
    };
    this.picture = new PictureRun(tell);
    this.comparison = new Comparison(tell);
    this.edit = new PictureEdit(tell);
    this.trial = new PolicyTrial(tell);
    let { source: text } = this.draft.now;
    this.draft.state.subscribe((now) => {
      if (now.source !== text) this.trial.forgetFindings();
      text = now.source;
    });
  }

  model(): Promise<LoadedModel> {
    return this.host.get(get(this.device));
  }

  /** Takes over what an address says, and draws it where it says so. */
  follow(linked: Linked): void {
    this.draft.follow(linked.settings.policy);
    this.settings.set(linked.settings);
    this.compared.set(linked.compared);
    this.view.set(linked.view);
    this.#setDamage(damageOf(linked));
    if (linked.view === 'generate') this.drawUnasked();
  }

  change(change: Partial<Settings>): void {
    this.settings.update((settings) => ({ ...settings, ...change }));
  }

  /** Loads the model after it could not be had, and begins what failed for want of it. */
  loadAgain(): void {
    this.model().catch(() => undefined);
    for (const run of this.#runs().filter(({ wantsModel }) => wantsModel)) run.again();
  }

  /** Moves to another device: what is under way, or failed for want of the model, begins again there. */
  chooseDevice(choice: DeviceChoice): void {
    const underWay = this.#runs().filter(({ running, wantsModel }) => running || wantsModel);
    for (const run of underWay) run.stop();
    this.#setDevice(choice);
    for (const run of underWay) run.again();
    // What is wrong with a device is said at once, not at the next picture.
    if (get(this.host.state).phase !== 'idle') this.model().catch(() => undefined);
  }

  /** Whether the model is at work. */
  get busy(): boolean {
    return this.#runs().some(({ running }) => running);
  }

  draw(): void {
    this.#stopRuns();
    const settings = get(this.settings);
    void this.picture.start(settings, (signal) => this.#begin(settings, signal));
  }

  /** Draws unless that is for the user to decide: code that someone else wrote or that is lost, a connection to spare. */
  drawUnasked(): void {
    if (!get(this.waits) && !get(this.damage) && !this.#source.savesData()) this.draw();
  }

  race(): void {
    this.#stopRuns();
    const policies = get(this.compared).map((name) => ({ kind: 'named' as const, name }));
    this.#startRace(this.comparison, policies);
  }

  /** Draws the painted part of the edited picture anew. */
  renew(): void {
    this.#stopRuns();
    this.edit.renew(get(this.settings), {
      encode: (image, signal) => this.#encode(image, signal),
      begin: (settings, signal, start) => this.#begin(settings, signal, start),
    });
  }

  /** Checks the draft and, where nothing is wrong with it, races it against GtR. Resolves when it is checked. */
  async tryDraft(): Promise<void> {
    const { source } = this.draft.now;
    this.#stopRuns();
    this.draft.approve(source);
    if (!(await this.trial.check(source))) return;
    const policy = { kind: 'own' as const, source };
    this.draft.adopt(source);
    this.change({ policy });
    this.#startRace(this.trial.race, [policy, { kind: 'named', name: 'gtr-16' }]);
  }

  #runs() {
    return [this.picture, this.comparison, this.edit.run, this.trial.race] as const;
  }

  /** One thing at a time: they all ask the same model. Whoever begins one has read what is wrong with the address. */
  #stopRuns(): void {
    this.#setDamage(undefined);
    for (const run of this.#runs()) run.stop();
    this.trial.stop();
  }

  #startRace(race: Comparison, policies: readonly PolicyChoice[]): void {
    const settings = get(this.settings);
    const entries = policies.map((policy) => ({ title: policyTitle(policy), policy }));
    void race.start(settings, entries, (wanted, signal) => this.#begin(wanted, signal));
  }

  async #encode(image: ImageRgb, signal: AbortSignal): Promise<TokenGrid> {
    const model = await this.model();
    const [grid] = await model.encode([image], { signal });
    return grid!;
  }

  /** A drawing with these settings. The sandbox for policies of one's own is loaded when it is needed. */
  async #begin(settings: Settings, signal: AbortSignal, start?: TokenGrid): Promise<Run> {
    const { seed, classLabel, policy } = settings;
    if (policy.kind === 'own') this.draft.approve(policy.source);
    const model = await this.model();
    signal.throwIfAborted();
    if (policy.kind === 'named') {
      const sampling = generationOf(settings, model.manifest);
      return madeOn(model, recordRun({ model, seed, classLabel, start, signal, ...sampling }));
    }
    const { drawOwn } = await import('./own-policy/draw-own.js');
    return madeOn(model, drawOwn({ settings, source: policy.source, model, start, signal }));
  }
}

function damageOf({ damage }: Linked): Failure | undefined {
  return damage === undefined ? undefined : failureOf(new TesseraError('damaged-link', damage));
}

/** The run, its picture together with what it was made on: by the time it is saved there may be another model. */
async function* madeOn({ manifest, device, dtype }: LoadedModel, run: Run): Run {
  return { ...(yield* run), madeOn: { manifest, device, dtype } };
}
