import { InvalidOptionError } from '@tessera/core';
import { assertInteger } from '@tessera/core/model';
import type { Family, Manifest } from '@tessera/format';
import type { Checkpoint } from './checkpoint/checkpoint.js';
import type { HeadForward } from './forward/forward-check.js';
import type { ConditionSource, Deviation } from './forward/graph-values.js';
import { checkLightgenConditions } from './forward/lightgen-check.js';
import { checkMarConditions } from './forward/mar-check.js';
import { checkNitroConditions, jointHeadForward } from './forward/nitro-check.js';
import type { GraphBuilder } from './graph/graph-builder.js';
import { LIGHTGEN, type LightgenConfigJson, resolveLightgenConfig } from './lightgen/lightgen-config.js';
import { lightgenGraphs } from './lightgen/lightgen-graphs.js';
import { IMAGENET_CLASSES } from './mar/imagenet-classes.js';
import {
  type HeadSizes,
  type MarConfig,
  type MarConfigJson,
  resolveMarConfig,
  type StackConfig,
} from './mar/mar-config.js';
import { marGraphs } from './mar/mar-graphs.js';

import {
  MAR_PRESETS,
  type MarPreset,
  PRESET_GUIDANCE,
  PUBLISHED_ADVICE,
  presetOf,
} from './mar/mar-presets.js';
import { type NitroConfigJson, resolveNitroConfig } from './nitro/nitro-config.js';
import { CHAIN_STEPS, isJoint, JOINT_CHAIN_STEPS, nitroGraphs } from './nitro/nitro-graphs.js';

/** A released model's sizes by its name. */
export type ModelPreset = MarPreset | 'lightgen' | 'nitro-ar';

/** A model's sizes under the names of its published code, or the name of a released model. */
export type ModelConfigJson = MarConfigJson | LightgenConfigJson | NitroConfigJson | ModelPreset;

/** Where graphs with caches are cut. */
export interface CacheOptions {
  /**
   * The decoder block, from 0, after whose attention rows are dropped. @default 3, as published, or a third of fewer than 12
   * blocks
   */
  readonly cutBlock?: number;
}

/** A model without its autoencoder, of any family: what its folder needs to say of it, and its graphs. */
export interface FamilyModel {
  readonly sizes: HeadSizes &
    Pick<MarConfig, 'latents'> & { readonly encoder: Pick<StackConfig, 'width'> & Partial<StackConfig> };
  /** The fields of a manifest that differ from family to family. */
  readonly manifest: Pick<Manifest, 'family' | 'condition' | 'caches' | 'lightgen' | 'chainSteps' | 'joint'> &
    Partial<Pick<Manifest, 'diffusion'>>;
  /** Rows of the model card on what it takes and how it is built. */
  readonly facts: readonly (readonly [label: string, text: string])[];
  /** Advice where nothing else is given: that of the published evaluations. */
  readonly sampling: Manifest['sampling'];
  readonly graphs: Readonly<Record<string, GraphBuilder>>;
  /** What guidance leads away from where no tensor of the model is it. */
  readonly nullText?: 'empty prompt';
  /** Compares z with a forward pass of the checkpoint. */
  readonly checkConditions: (source: ConditionSource) => Promise<Deviation>;
  /** The head's forward pass, where it isn't MAR's. */
  readonly head?: HeadForward;
}

interface FamilyConverter {
  /** A tensor that models of this family alone have. */
  readonly anchor: string;
  open(
    config: ModelConfigJson | undefined,
    checkpoint: Checkpoint,
    caches: CacheOptions | undefined,
  ): FamilyModel;
}

/** How each family is converted. */
const FAMILIES: Readonly<Record<Family, FamilyConverter>> = {
  mar: { anchor: 'class_emb.weight', open: openMar },
  lightgen: { anchor: 'text_emb.text_proj.linear_1.weight', open: openLightgen },
  nitro: { anchor: 'x_proj.weight', open: openNitro },
};

/** Released models by the family that they are of. */
const PRESETS: Readonly<Record<string, Family>> = {
  ...Object.fromEntries(Object.keys(MAR_PRESETS).map((name) => [name, 'mar'] as const)),
  lightgen: 'lightgen',
  'nitro-ar': 'nitro',
};

/**
 * Completes a model's configuration from its checkpoint, whose tensors tell its family, and builds its graphs.
 *
 * @throws CheckpointKeysError if the tensors are not those that the configuration asks for
 * @throws InvalidOptionError for sizes in contradiction, for presets that there are not, and for caches of a model that takes text
 */
export function openFamily(
  config: ModelConfigJson | undefined,
  checkpoint: Checkpoint,
  caches?: CacheOptions,
): FamilyModel {
  const isPreset = typeof config !== 'object' && config !== undefined;
  if (isPreset && !Object.hasOwn(PRESETS, config)) {
    const presets = Object.keys(PRESETS).join(', ');
    throw new InvalidOptionError('mar.config', config, `must be left out, ${presets}, or an object of sizes`);
  }
  const families = Object.entries(FAMILIES) as [Family, FamilyConverter][];
  const found = families.find(([, { anchor }]) => checkpoint.shape(anchor))?.[0];
  const family = isPreset ? PRESETS[config]! : (found ?? 'mar');
  if (caches && family !== 'mar') {
    throw new InvalidOptionError('caches', 'given', 'there are none for models that take text');
  }
  return FAMILIES[family].open(config, checkpoint, caches);
}

function openMar(
  config: ModelConfigJson | undefined,
  checkpoint: Checkpoint,
  caches: CacheOptions | undefined,
): FamilyModel {
  const found = presetOf(checkpoint);
  if (typeof config === 'string' && found !== undefined && config !== found) {
    throw new InvalidOptionError(
      'mar.config',
      config,
      `must be left out or ${found}: by its tensors this is ${found}`,
    );
  }
  const preset =
    config === undefined ? found : typeof config === 'string' ? (config as MarPreset) : undefined;
  const { encoder_num_heads, decoder_num_heads }: MarConfigJson = found ? MAR_PRESETS[found] : {};
  const heads = encoder_num_heads && decoder_num_heads ? { encoder_num_heads, decoder_num_heads } : {};
  const json = typeof config === 'string' ? MAR_PRESETS[config as MarPreset] : { ...heads, ...config };
  const sizes = resolveMarConfig(json, checkpoint);
  const names = preset && sizes.classes === IMAGENET_CLASSES.length ? { names: [...IMAGENET_CLASSES] } : {};
  const scale = preset ? PRESET_GUIDANCE[preset] : 3;
  const { encoder, decoder, buffer } = sizes;
  const cutBlock = caches && (caches.cutBlock ?? Math.min(3, Math.floor(decoder.depth / 3)));
  if (cutBlock !== undefined) assertInteger('caches.cutBlock', cutBlock, 0, decoder.depth - 1);
  return {
    sizes,
    manifest: {
      condition: { kind: 'class', count: sizes.classes, ...names },
      ...(cutBlock === undefined
        ? {}
        : { caches: { buffer, encoderBlocks: encoder.depth, decoderBlocks: decoder.depth, cutBlock } }),
    },
    facts: [
      ['Classes', `${sizes.classes}`],
      ['Encoder', stackText(sizes.encoder)],
      ['Decoder', stackText(sizes.decoder)],
    ],
    sampling: { guidance: { schedule: 'linear', scale }, temperature: 1, advice: PUBLISHED_ADVICE },
    graphs: { ...marGraphs(sizes, checkpoint, cutBlock) },
    checkConditions: (source) => checkMarConditions(sizes, source),
  };
}

function openLightgen(config: ModelConfigJson | undefined, checkpoint: Checkpoint): FamilyModel {
  const json = typeof config === 'object' ? (config as LightgenConfigJson) : LIGHTGEN;
  const sizes = resolveLightgenConfig(json, checkpoint);
  const { text, cross, positions } = sizes;
  return {
    sizes,
    manifest: {
      family: 'lightgen',
      condition: { kind: 'text', ...text },
      lightgen: {
        crossDepth: cross.depth,
        positionSide: positions.side,
        positionOffset: positions.offset,
      },
    },
    facts: [
      ['Text', `${text.length} rows of ${text.width} channels`],
      ['Text aligner', stackText(sizes.aligner)],
      ['Encoder', stackText(sizes.encoder)],
      ['Decoder', stackText(sizes.decoder)],
      ['Cross-attention', stackText(cross)],
    ],
    sampling: { guidance: { schedule: 'constant', scale: 4 }, temperature: 1, advice: 'gtr-lightgen' },
    graphs: lightgenGraphs(sizes, checkpoint),
    checkConditions: (source) => checkLightgenConditions(sizes, source),
  };
}

function openNitro(config: ModelConfigJson | undefined, checkpoint: Checkpoint): FamilyModel {
  const json = typeof config === 'object' ? (config as NitroConfigJson) : {};
  const sizes = resolveNitroConfig(json, checkpoint);
  const { text, decoder, split, trainSteps } = sizes;
  const joint = isJoint(sizes);
  const chainSteps = joint ? JOINT_CHAIN_STEPS : CHAIN_STEPS;
  return {
    sizes: { ...sizes, encoder: decoder },
    manifest: {
      family: 'nitro',
      condition: { kind: 'text', ...text },
      // As diffusers' scheduler has them, whose smallest σ is a float32 number.
      diffusion: {
        schedule: 'flow',
        trainSteps,
        finalSigma: Math.fround(1 / trainSteps),
        wholeTimesteps: joint ? 'all' : [2],
      },
      chainSteps,
      ...(joint ? { joint: { globalSteps: JOINT_CHAIN_STEPS } } : {}),
    },
    facts: [
      ['Text', `${text.length} rows of ${text.width} channels`],
      ['Transformer', stackText({ ...decoder, depth: split.join(' + ') })],
      ...(joint ? [['Sampling', 'all tokens at once, after one token of the whole picture'] as const] : []),
    ],
    sampling: {
      guidance: { schedule: 'constant', scale: 4 },
      temperature: 1,
      sampler: 'euler',
      advice: `mar:${joint ? 1 : 20}x${chainSteps}`,
    },
    graphs: nitroGraphs(sizes, checkpoint),
    nullText: 'empty prompt',
    checkConditions: (source) => checkNitroConditions(sizes, source),
    ...(joint ? { head: jointHeadForward(sizes) } : {}),
  };
}

function stackText({
  width,
  depth,
  heads,
}: {
  width: number;
  depth: number | string;
  heads: number;
}): string {
  return `${depth} blocks, ${width} wide, ${heads} heads`;
}
