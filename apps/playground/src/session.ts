import { type ModelInput, TesseraError } from '@tessera/core';
import { Scheduler } from '@tessera/core/scheduling';
import type { LoadedModel } from '@tessera/runtime-web';
import { derived, get, type Readable, type Writable, writable } from 'svelte/store';
import type { ChoiceStore } from './choice-store.js';
import { PictureEdit } from './edit/picture-edit.js';
import { entryOfPicture } from './history/entry-of-picture.js';
import type { HistoryStorage } from './history/history-storage.js';
import { type HistoryEntry, PictureHistory } from './history/picture-history.js';
import { type DeviceChoice, isDeviceChoice } from './model-loading/device-choice.js';
import { type Failure, failureOf } from './model-loading/failure.js';
import { EMBEDDED_FACTS, factsOf, type ModelFacts } from './model-loading/model-facts.js';
import { ModelHost, type ModelSource } from './model-loading/model-host.js';
import { EMBEDDED, type ModelLocation } from './model-loading/model-location.js';
import { Draft } from './own-policy/draft.js';
import { DraftRun } from './own-policy/draft-run.js';
import { type PolicyChoice, policyTitle } from './policies/policy-spec.js';
import type { PolicyName } from './policies/shown-policies.js';
import { generationOf } from './recipe/recipe.js';
import { recipeOfFile, settingsOfRecipe } from './recipe/settings-of-recipe.js';
import { Comparison } from './run/comparison.js';
import { PictureRun, type PictureState } from './run/picture-run.js';
import { plannedWork } from './run/planned-work.js';
import { type PictureEditOptions, recordRun } from './run/record-run.js';
import type { Environment, Run } from './run/step-record.js';
import { TimeEstimate } from './run/time-estimate.js';
import { type Condition, conditionOf, requestOf } from './settings/condition.js';
import { asPublished, fittingSettings, LARGEST_SEED, type Settings } from './settings/settings.js';
import { type Linked, type SettingsView, settingsView, type View } from './settings/settings-link.js';

const DEVICE_KEY = 'tessera-device';

/** What all views share. It stays while the page is open, whichever view is shown. */
export class Session {
  readonly view: Writable<View>;
  /** The settings of each view that has some: what is set in one changes nothing in the others. */
  readonly settings: Readonly<Record<SettingsView, Writable<Settings>>>;
  readonly compared: Writable<readonly PolicyName[]>;
  /** What a link to the current view says. */
  readonly linked: Readable<Linked>;
  readonly #device: Writable<DeviceChoice>;
  readonly device: Readable<DeviceChoice>;
  readonly #location: Writable<ModelLocation>;
  readonly location: Readable<ModelLocation>;
  readonly #facts: Writable<ModelFacts>;
  /** What the model takes, and its sizes: those of the embedded one that is chosen, else of the last one that was loaded. */
  readonly facts: Readable<ModelFacts>;
  readonly host: ModelHost;
  /** The picture of the view "Generate". */
  readonly picture: PictureRun;
  /** The pictures that were finished, of this visit and earlier ones. */
  readonly history: PictureHistory;
  readonly #shown = writable<HistoryEntry | undefined>();
  /** What is kept of the picture that "Generate" shows; undefined until it is finished. */
  readonly shown: Readable<HistoryEntry | undefined> = this.#shown;
  /** Learns how long pictures take here. */
  readonly estimate: TimeEstimate;
  /** How many pictures "Generate" draws, with one seed after another. */
  readonly count = writable(1);
  /** The race of the view "Compare". */
  readonly comparison: Comparison;
  /** The picture of the view "Edit". */
  readonly edit: PictureEdit;
  /** What the user writes under "Write a policy", and what came of it. */
  readonly draft: Draft;
  readonly draftRun: DraftRun;
  /** What came with an address and waits for the user: code that was not run yet, a model that was not loaded yet. */
  readonly waits: Readable<'policy' | 'model' | undefined>;
  readonly #damage: Writable<Failure | undefined>;
  /** What can't be read of the address; until then nothing is drawn unasked. */
  readonly damage: Readable<Failure | undefined>;
  readonly #source: ModelSource;
  /** Gives turns on the model that was used last to all that is drawn on it. */
  #scheduler: Scheduler<ModelInput> | undefined;
  /** Whether the model's location came with an address and the user has not begun anything since. */
  readonly #foreignModel: Writable<boolean>;

  /** @param stores what is kept from visit to visit, and while the tab is open */
  constructor(
    source: ModelSource,
    linked: Linked,
    stores: {
      readonly visit: ChoiceStore;
      readonly tab: ChoiceStore;
      readonly history: HistoryStorage;
    },
  ) {
    this.view = writable(linked.view);
    const { settings } = linked;
    const compared = linked.view === 'compare' ? settings : asPublished(settings);
    this.settings = { generate: writable(settings), compare: writable(compared), edit: writable(settings) };
    const { generate, compare, edit } = this.settings;
    this.compared = writable(linked.compared);
    this.location = this.#location = writable(locationOf(linked));
    this.facts = this.#facts = writable(EMBEDDED_FACTS[settings.condition.kind]);
    this.#foreignModel = writable(linked.model !== undefined);
    this.linked = derived(
      [this.view, generate, compare, edit, this.compared, this.#location],
      ([view, generate, compare, edit, compared, location]) => {
        const settings = { generate, compare, edit }[settingsView(view)];
        const model = location.kind === 'address' ? { model: location.url } : {};
        return { view, settings, compared, ...model };
      },
    );
    this.draft = new Draft(stores.tab, linked.settings.policy);
    this.waits = derived(
      [generate, this.draft.state, this.#foreignModel],
      ([{ policy }, { foreign }, foreignModel]) => {
        if (policy.kind === 'own' && foreign) return 'policy';
        return foreignModel ? 'model' : undefined;
      },
    );
    this.damage = this.#damage = writable(damageOf(linked));
    const kept = stores.visit.getItem(DEVICE_KEY);
    this.device = this.#device = writable(isDeviceChoice(kept) ? kept : 'auto');
    this.device.subscribe((choice) => stores.visit.setItem(DEVICE_KEY, choice));
    this.#source = source;
    this.host = new ModelHost(source);
    this.host.state.subscribe((state) => {
      if (state.phase !== 'ready') return;
      if (this.#knowModel(factsOf(state.model.manifest))) return;
      // What waits for the model asks it for something that it doesn't take.
      if (this.picture.running) this.draw();
      else if (this.comparison.running) this.race();
    });
    const describe = (error: unknown): Failure | undefined => {
      this.host.forgetLost(error);
      return this.host.shows(error) ? undefined : failureOf(error);
    };
    this.picture = new PictureRun(describe);
    this.history = new PictureHistory(stores.history);
    this.estimate = new TimeEstimate(stores.visit);
    this.picture.state.subscribe((state) => void this.#remember(state));
    this.comparison = new Comparison(describe);
    this.edit = new PictureEdit(describe, () => get(this.facts));
    this.draftRun = new DraftRun(describe);
    let { source: text } = this.draft.now;
    this.draft.state.subscribe((now) => {
      if (now.source !== text) this.draftRun.forgetFindings();
      text = now.source;
    });
  }

  model(): Promise<LoadedModel> {
    return this.host.get(get(this.device), get(this.location));
  }

  /** Takes over what an address says, and draws it where it says so. */
  follow(linked: Linked): void {
    this.draft.follow(linked.settings.policy);
    const location = locationOf(linked);
    if (linked.model === undefined) this.#moveFor(linked.settings.condition);
    else if (!sameAddress(location, get(this.location))) {
      this.#changeLocation(location);
      this.#foreignModel.set(true);
    }
    this.settings[settingsView(linked.view)].set(linked.settings);
    this.compared.set(linked.compared);
    this.view.set(linked.view);
    this.#damage.set(damageOf(linked));
    if (linked.view === 'generate') this.drawUnasked();
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
    this.#device.set(choice);
    for (const run of underWay) run.again();
    // What is wrong with a device is said at once, not at the next picture.
    if (get(this.host.state).phase !== 'idle') this.model().catch(() => undefined);
  }

  /** Moves to another model. The pictures of the one before are gone from the views; the history holds them. */
  chooseModel(location: ModelLocation): void {
    this.#changeLocation(location);
    this.#foreignModel.set(false);
    this.model().catch(() => undefined);
  }

  #changeLocation(location: ModelLocation): void {
    for (const run of this.#runs()) run.clear();
    this.draftRun.stop();
    this.#location.set(location);
    this.edit.reset();
    if (location.kind === 'embedded') this.#knowModel(EMBEDDED_FACTS[location.takes]);
  }

  /** Moves to the embedded model that takes a condition, where the chosen one does not. */
  #moveFor({ kind }: Condition): void {
    if (get(this.#facts).condition.kind !== kind) this.#changeLocation(EMBEDDED[kind]);
  }

  /** @returns whether the settings fit it; those that don't are replaced */
  #knowModel(facts: ModelFacts): boolean {
    this.#facts.set(facts);
    return Object.values(this.settings).reduce((all, store) => {
      const settings = get(store);
      const fitting = fittingSettings(settings, facts.condition);
      if (fitting !== settings) store.set(store === this.settings.compare ? asPublished(fitting) : fitting);
      return all && fitting === settings;
    }, true);
  }

  /** Whether the model is at work. */
  get busy(): boolean {
    return this.#runs().some(({ running }) => running);
  }

  draw(): void {
    this.#stopRuns();
    void this.#drawSeveral(get(this.settings.generate), get(this.count));
  }

  /** One after another: memory stays that of one picture, and each can be looked at while the next is drawn. */
  async #drawSeveral(settings: Settings, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const next = { ...settings, seed: (settings.seed + i) % (LARGEST_SEED + 1) };
      await this.picture.start(next, (signal) => this.#begin(next, signal));
      const { status, settings: drawn } = get(this.picture.state);
      if (status !== 'done' || drawn !== next) return;
    }
  }

  /** Milliseconds that a picture with these settings takes; undefined where no picture was made here before. */
  expectedTime(settings: Settings): number | undefined {
    const state = get(this.host.state);
    if (settings.policy.kind === 'own' || state.phase !== 'ready') return undefined;
    const { seed, condition } = settings;
    const { manifest } = state.model;
    const { imageIndex } = requestOf(condition);
    const work = plannedWork(generationOf(settings, manifest), manifest.grid, { seed, imageIndex });
    return this.estimate.of(placeOf(state.model), work);
  }

  /** Shows a picture of the history, and sets what it was drawn with. */
  async showEntry(entry: HistoryEntry): Promise<void> {
    const { readPngBytes } = await import('@tessera/format/png');
    const { image } = readPngBytes(entry.png, entry.file);
    this.#stopRuns();
    this.#moveFor(entry.settings.condition);
    if (entry.settings.policy.kind === 'own') this.draft.adopt(entry.settings.policy.source);
    this.settings.generate.set(entry.settings);
    this.picture.show(entry.settings, { image });
    this.#shown.set(entry);
  }

  /**
   * Draws the first picture of a recipe.
   *
   * @param file a `recipe.json`, or a PNG file that carries one
   * @throws what `recipeOfFile` and `settingsOfRecipe` throw, or the loading of the model
   */
  async open(file: File): Promise<void> {
    const recipe = await recipeOfFile(file);
    const [picture] = recipe.images;
    if (picture) this.#moveFor(conditionOf(picture));
    const { manifest } = await this.model();
    this.settings.generate.set(await settingsOfRecipe(recipe, manifest));
    this.draw();
  }

  async #remember(state: PictureState): Promise<void> {
    this.#shown.set(undefined);
    if (state.status !== 'done') return;
    if (state.finished?.environment) this.estimate.learn(placeOf(state.finished.environment), state.steps);
    const entry = await entryOfPicture(state, this.#source.versions);
    if (!entry) return;
    if (get(this.picture.state) === state) this.#shown.set(entry);
    await this.history.add(entry);
  }

  /** Draws unless that is for the user to decide: code that someone else wrote or that is lost, a connection to spare. */
  drawUnasked(): void {
    if (get(this.waits) === undefined && !get(this.damage) && !this.#source.savesData()) this.draw();
  }

  race(): void {
    this.#stopRuns();
    const policies = get(this.compared).map((name) => ({ kind: 'named' as const, name }));
    this.#startRace(this.comparison, get(this.settings.compare), policies);
  }

  /** Draws the painted part of the edited picture anew. */
  renew(): void {
    this.#stopRuns();
    this.edit.renew(get(this.settings.edit), (settings, signal, edit) => this.#begin(settings, signal, edit));
  }

  /** Checks the draft and, where nothing is wrong with it, races it against GtR. Resolves when it is checked. */
  async tryDraft(): Promise<void> {
    const { source } = this.draft.now;
    this.#stopRuns();
    this.draft.approve(source);
    if (!(await this.draftRun.check(source))) return;
    this.draft.adopt(source);
    const policies = [
      { kind: 'own', source },
      { kind: 'named', name: 'gtr-16' },
    ] as const;
    this.#startRace(this.draftRun.race, get(this.settings.generate), policies);
  }

  /** Draws with the draft under "Generate". */
  drawWithDraft(): void {
    const { source } = this.draft.now;
    this.draft.adopt(source);
    this.settings.generate.update((settings) => ({ ...settings, policy: { kind: 'own', source } }));
    this.view.set('generate');
    this.draw();
  }

  #runs() {
    return [this.picture, this.comparison, this.edit.run, this.draftRun.race] as const;
  }

  /** One thing at a time: they all ask the same model. Whoever begins one has read what is wrong with the address. */
  #stopRuns(): void {
    this.#damage.set(undefined);
    this.#foreignModel.set(false);
    for (const run of this.#runs()) run.stop();
    this.draftRun.stop();
  }

  #startRace(race: Comparison, settings: Settings, policies: readonly PolicyChoice[]): void {
    const entries = policies.map((policy) => ({ title: policyTitle(policy), policy }));
    void race.start(settings, entries, (wanted, signal) => this.#begin(wanted, signal));
  }

  /** A drawing with these settings. The sandbox for policies of one's own is loaded when it is needed. */
  async #begin(settings: Settings, signal: AbortSignal, edit?: PictureEditOptions): Promise<Run> {
    const { seed, condition, policy } = settings;
    if (policy.kind === 'own') this.draft.approve(policy.source);
    const model = await this.model();
    signal.throwIfAborted();
    if (policy.kind === 'named') {
      const sampling = generationOf(settings, model.manifest);
      return this.#inTurn(model, recordRun({ model, seed, condition, edit, signal, ...sampling }));
    }
    const { drawOwn } = await import('./own-policy/policy-sandbox.js');
    return this.#inTurn(model, drawOwn({ settings, source: policy.source, model, edit, signal }));
  }

  /** The run, side by side with all others on the model. */
  #inTurn(model: LoadedModel, run: Run): Run {
    if (this.#scheduler?.model !== model)
      this.#scheduler = new Scheduler<ModelInput>(model, { now: () => performance.now() });
    return withEnvironment(model, this.#scheduler.share(run));
  }
}

/** What decides how fast a model is. */
const placeOf = ({ manifest, device, dtype, precision }: Environment) =>
  `${manifest.name} ${device} ${dtype} ${precision}`;

function locationOf({ model, settings }: Linked): ModelLocation {
  return model === undefined ? EMBEDDED[settings.condition.kind] : { kind: 'address', url: model };
}

function sameAddress(a: ModelLocation, b: ModelLocation): boolean {
  return a.kind === 'address' && b.kind === 'address' && a.url === b.url;
}

function damageOf({ damage }: Linked): Failure | undefined {
  return damage === undefined ? undefined : failureOf(new TesseraError('damaged-link', damage));
}

/** The run, its picture together with what it was made on: by the time it is saved there may be another model. */
async function* withEnvironment({ manifest, device, dtype, precision }: LoadedModel, run: Run): Run {
  return { ...(yield* run), environment: { manifest, device, dtype, precision } };
}
