import type { Condition } from '../settings/condition.js';

/** Where the models that come with the page are, below its own address. */
export const MODEL_PATHS: Readonly<Record<Condition['kind'], string>> = {
  class: 'model/',
  text: 'text-model/',
};

/** Where the network is that finds things in pictures of prompts. */
export const SCENE_NETWORK_PATH = 'scene-network/';
