import type { AskedPrompts } from '@tessera/evaluate';
import {
  type Classes,
  classesOf,
  type Manifest,
  type Picture,
  pictureAt,
  promptPictureAt,
} from '@tessera/format';
import { EvaluationRequestError } from './evaluation-request-error.js';
import type { LoadedNetwork } from './feature-network-file.js';

/** What the pictures of an evaluation show. */
export interface Subjects {
  /** Classes, or skills of prompts: picture k is of group k mod groups. */
  readonly groups: number;
  /** Of a model that takes text. */
  readonly prompts?: AskedPrompts;
  /** Picture k. */
  readonly pictureOf: (index: number) => Picture;
}

/** Each class in turn. */
export function classSubjects(classes: Classes): Subjects {
  return { groups: classes.count, pictureOf: (index) => pictureAt(classes, index) };
}

/**
 * What a model draws to be measured by a network: its classes, or the prompts that the network can check.
 *
 * @throws EvaluationRequestError where the model takes text and the network comes without prompts
 */
export function subjectsOf(
  manifest: Pick<Manifest, 'name' | 'condition'>,
  { network, prompts }: Pick<LoadedNetwork, 'network' | 'prompts'>,
): Subjects {
  if (manifest.condition.kind === 'class') return classSubjects(classesOf(manifest));
  if (!prompts) {
    throw new EvaluationRequestError(
      `${manifest.name} draws prompts, and ${network.name} comes with none that it could check. Leave --network out for the built-in network of scenes.`,
    );
  }
  const texts = prompts.prompts.map(({ text }) => text);
  return {
    groups: prompts.skills.length,
    prompts,
    pictureOf: (index) => promptPictureAt(texts, index),
  };
}
