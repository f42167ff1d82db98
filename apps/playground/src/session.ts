import type { TokenGrid } from '@tessera/core';
import type { LoadedModel } from '@tessera/runtime-web';
import { get, type Writable, writable } from 'svelte/store';
import type { ChoiceStore } from './choice-store.js';
import { type DeviceChoice, isDeviceChoice } from './model-loading/device-choice.js';
import { ModelHost, type ModelSource } from './model-loading/model-host.js';
import type { PolicyName } from './policies/shown-policies.js';
import { generationOf } from './recipe/recipe.js';
import { PictureRun } from './run/picture-run.js';
import { recordRun } from './run/record-run.js';
import type { Run } from './run/step-record.js';
import type { Settings } from './settings/settings.js';
import type { Linked, View } from './settings/settings-link.js';

const DEVICE_KEY = 'tessera-device';

/** What all views share. */
export class Session {
  readonly view: Writable<View>;
  readonly settings: Writable<Settings>;
  readonly compared: Writable<readonly PolicyName[]>;
  readonly device: Writable<DeviceChoice>;
  readonly host: ModelHost;
  /** The picture of the view "Generate". */
  readonly picture = new PictureRun();
  /** Whether the code of the own policy came with the address: then nothing runs it before the user does. */
  readonly foreignCode: Writable<boolean>;

  constructor(source: ModelSource, linked: Linked, choices: ChoiceStore) {
    this.view = writable(linked.view);
    this.settings = writable(linked.settings);
    this.compared = writable(linked.compared);
    this.foreignCode = writable(linked.settings.policy.kind === 'own');
    const kept = choices.getItem(DEVICE_KEY);
    this.device = writable(isDeviceChoice(kept) ? kept : 'auto');
    this.device.subscribe((device) => choices.setItem(DEVICE_KEY, device));
    this.host = new ModelHost(source);
  }

  model(): Promise<LoadedModel> {
    return this.host.get(get(this.device));
  }

  /** Takes over what an address says. */
  follow(linked: Linked): void {
    this.settings.set(linked.settings);
    this.compared.set(linked.compared);
    this.foreignCode.set(linked.settings.policy.kind === 'own');
    this.view.set(linked.view);
  }

  change(change: Partial<Settings>): void {
    this.settings.update((settings) => ({ ...settings, ...change }));
  }

  /** A drawing with these settings. The sandbox for policies of one's own is loaded when it is needed. */
  async begin(settings: Settings, signal: AbortSignal, start?: TokenGrid): Promise<Run> {
    const model = await this.model();
    signal.throwIfAborted();
    const { seed, classLabel, policy } = settings;
    if (policy.kind === 'named') {
      return recordRun({ model, seed, classLabel, start, signal, ...generationOf(settings, model.manifest) });
    }
    const { drawOwn } = await import('./own-policy/draw-own.js');
    return drawOwn({ settings, source: policy.source, model, start, signal });
  }
}
