import type { ImageRgb, TokenGrid } from '@tessera/core';
import { type Readable, writable } from 'svelte/store';
import type { TellFailure } from '../model-loading/failure.js';
import { EMBEDDED_FACTS, type ModelFacts } from '../model-loading/model-facts.js';
import { PictureRun } from '../run/picture-run.js';
import type { Run } from '../run/step-record.js';
import type { Settings } from '../settings/settings.js';
import { countMarked } from './token-mask.js';

/** A picture to edit; of one from outside the tokens are known once the model has encoded it. */
export interface EditedPicture {
  readonly image: ImageRgb;
  readonly grid?: TokenGrid;
}

export interface EditState {
  readonly picture?: EditedPicture;
  /** [L], 1 for the tokens to renew. */
  readonly mask: Uint8Array;
  /** [L], the mask that the result is made with. */
  readonly used: Uint8Array;
}

/** What an edit asks of the model. */
export interface EditModel {
  encode(image: ImageRgb, signal: AbortSignal): Promise<TokenGrid>;
  begin(settings: Settings, signal: AbortSignal, start: TokenGrid): Promise<Run>;
}

const unmarked = ({ height, width }: ModelFacts['grid']) => new Uint8Array(height * width);

/** A picture of which a part is drawn anew. */
export class PictureEdit {
  readonly state: Readable<EditState>;
  readonly run: PictureRun;
  readonly #set: (state: EditState) => void;
  #unmarked = unmarked(EMBEDDED_FACTS.grid);
  #now: EditState = { mask: this.#unmarked, used: this.#unmarked };
  /** Whether the user took the picture, which was not just offered. */
  #chosen = false;

  constructor(tell: TellFailure) {
    const store = writable(this.#now);
    this.state = store;
    this.#set = store.set;
    this.run = new PictureRun(tell);
  }

  /** Begins with a picture that the user took, nothing marked. */
  take(picture: EditedPicture): void {
    this.#begin(picture);
    this.#chosen = true;
  }

  /** Begins with a picture that nobody asked for, unless something of the user's would be lost. */
  offer(picture: EditedPicture): void {
    const { mask, used } = this.#now;
    if (!this.#chosen && countMarked(mask) === 0 && used === this.#unmarked) this.#begin(picture);
  }

  /** @param mask [L] */
  mark(mask: Uint8Array): void {
    this.#change({ mask });
  }

  clearMarks(): void {
    this.mark(this.#unmarked);
  }

  renew(settings: Settings, model: EditModel): void {
    const { picture, mask } = this.#now;
    if (!picture) return;
    this.#change({ used: mask });
    void this.run.start(settings, async (signal) => {
      const grid = picture.grid ?? (await model.encode(picture.image, signal));
      if (this.#now.picture === picture) this.#change({ picture: { ...picture, grid } });
      return model.begin(settings, signal, { ...grid, known: mask.map((flag) => 1 - flag) });
    });
  }

  /** Forgets the picture: another model has another grid. */
  reset(grid: ModelFacts['grid']): void {
    this.run.clear();
    this.#chosen = false;
    this.#unmarked = unmarked(grid);
    this.#now = { mask: this.#unmarked, used: this.#unmarked };
    this.#set(this.#now);
  }

  #begin(picture: EditedPicture): void {
    this.run.clear();
    this.#now = { mask: this.#unmarked, used: this.#unmarked };
    this.#change({ picture });
  }

  #change(change: Partial<EditState>): void {
    this.#now = { ...this.#now, ...change };
    this.#set(this.#now);
  }
}
