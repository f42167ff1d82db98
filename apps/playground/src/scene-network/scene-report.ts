import { type FoundThing, type KnownThing, meetsPrompt, readScenePrompt } from '@tessera/evaluate';
import type { SceneReport } from './scene-calls.js';

/** What was found in a picture, in words, held against its prompt. */
export function sceneReport(
  prompt: string,
  found: readonly FoundThing[],
  known: { readonly things: readonly KnownThing[]; readonly colours: readonly string[] },
): SceneReport {
  const counts = new Map<string, number>();
  for (const { thing, colour } of found) {
    const { name } = known.things[thing]!;
    const words = colour === null ? name : `${colour} ${name}`;
    counts.set(words, (counts.get(words) ?? 0) + 1);
  }
  const asked = readScenePrompt(prompt, known);
  return {
    found: [...counts].map(([words, count]) => (count === 1 ? words : `${count} × ${words}`)),
    ...(asked ? { met: meetsPrompt(asked, found, known.things) } : {}),
  };
}
