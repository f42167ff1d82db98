import type { ModelInput } from '@tessera/core';
import {
  classesOf,
  classNameOf,
  type Manifest,
  type Picture,
  pictureAt,
  promptPictures,
} from '@tessera/format';

/** What a picture is asked for by. */
export type Condition =
  | { readonly kind: 'class'; readonly classLabel: number }
  | { readonly kind: 'text'; readonly prompt: string; readonly negativePrompt?: string };

type Conditional = Pick<Manifest, 'name' | 'condition'>;

/** The first picture of a seed that a condition asks for. @throws InvalidOptionError where the model takes something else */
export function pictureOf(condition: Condition, model: Conditional): Picture {
  if (condition.kind === 'class') return pictureAt(classesOf(model), condition.classLabel);
  const { prompt, negativePrompt } = condition;
  return promptPictures([prompt], 1, { negativePrompt })[0]!;
}

/** What core's `generate` is asked for, so that `tessera generate` on the command line draws the same. */
export function requestOf(condition: Condition): { readonly imageIndex: number; readonly input: ModelInput } {
  const { kind: _, ...input } = condition;
  return { imageIndex: 'classLabel' in input ? input.classLabel : 0, input };
}

/** What a recipe's picture was asked for by. */
export function conditionOf(picture: Picture): Condition {
  if (!('prompt' in picture)) return { kind: 'class', classLabel: picture.classLabel };
  const { prompt, negativePrompt } = picture;
  return { kind: 'text', prompt, ...(negativePrompt ? { negativePrompt } : {}) };
}

/** A condition in words: a class's name, or the prompt. */
export function conditionTitle(
  condition: Condition,
  { condition: taken }: Omit<Conditional, 'name'>,
): string {
  if (condition.kind === 'text') return condition.prompt;
  return taken.kind === 'class' ? classNameOf(taken, condition.classLabel) : `class ${condition.classLabel}`;
}

/** The same within a sentence. */
export function conditionPhrase(condition: Condition, model: Omit<Conditional, 'name'>): string {
  const title = conditionTitle(condition, model);
  return condition.kind === 'text' ? `“${title}”` : `a ${title}`;
}
