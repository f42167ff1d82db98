import type { AskedPrompts } from './evaluation-options.js';
import type { PromptScore } from './evaluation-report.js';
import type { MeasuredPicture } from './evaluation-store.js';
import { meetsPrompt, type ScenePrompt } from './scene-prompts.js';

/** Which of a variant's pictures meet their prompts. */
export interface MetPrompts extends Omit<PromptScore, 'score'> {
  /** Share of the pictures that do, each counted as often as `occurrences` says. */
  scoreOf(occurrences: ArrayLike<number>): number;
}

/** Holds what the network found in pictures against their prompts; undefined where it looks for no things. */
export function metPrompts(
  pictures: readonly MeasuredPicture[],
  { prompts, skills, things }: AskedPrompts,
): MetPrompts | undefined {
  const judged: { readonly prompt: ScenePrompt; readonly skill: string; readonly met: boolean }[] = [];
  for (const { index, seenThings } of pictures) {
    if (!seenThings) return undefined;
    const prompt = prompts[index % prompts.length]!;
    const met = meetsPrompt(prompt, seenThings, things);
    judged.push({ prompt, skill: skills[index % skills.length]!, met });
  }
  const share = (chosen: typeof judged): number | null =>
    chosen.length === 0 ? null : chosen.filter(({ met }) => met).length / chosen.length;
  const joining = new Set(judged.filter(({ prompt }) => prompt.heldOut).map(({ skill }) => skill));
  const compared = judged.filter(({ skill }) => joining.has(skill));
  return {
    skills: Object.fromEntries(
      skills.map((name) => [name, share(judged.filter(({ skill }) => skill === name)) ?? 0]),
    ),
    seen: share(compared.filter(({ prompt }) => !prompt.heldOut)),
    heldOut: share(compared.filter(({ prompt }) => prompt.heldOut)),
    scoreOf(occurrences) {
      let met = 0;
      let all = 0;
      for (const [i, each] of judged.entries()) {
        all += occurrences[i]!;
        if (each.met) met += occurrences[i]!;
      }
      return met / all;
    },
  };
}
