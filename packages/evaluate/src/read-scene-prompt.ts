import type { KnownThing, ScenePrompt } from './scene-prompts.js';

const NUMBERS: ReadonlyMap<string, number> = new Map([
  ...['two', '2', 'couple'].map((word) => [word, 2] as const),
  ...['three', '3'].map((word) => [word, 3] as const),
  ...['four', '4'].map((word) => [word, 4] as const),
]);

/** What may stand between two things, by how the first then stands to the second. */
const RELATIONS = [
  ['left of', ['left of']],
  ['right of', ['right of']],
  ['above', ['above', 'over', 'on top of']],
  ['below', ['below', 'under', 'beneath']],
] as const;

/** Before a thing, and of no account. */
const PASSED_OVER = new Set(['of', 'small', 'little', 'tiny', 'big', 'large', 'huge', 'bright', 'dark']);

interface Mention {
  readonly thing: number;
  /** Its words: from … end − 1. */
  readonly from: number;
  readonly end: number;
  readonly colour?: string;
  readonly number?: number;
}

/**
 * What a picture of a text has to show, as far as the text speaks of things that a network knows: which things, in which
 * colours, how many of a single one, and how two stand. What else it says, of a background or a style, is passed over.
 *
 * @param known the things and colours of the network's `cells`
 * @returns undefined where the text names no known thing
 * @example
 * const things = [{ name: 'fox', colour: 'orange', words: ['fox', 'foxes'] }];
 * console.log(readScenePrompt('two blue foxes on snow', { things, colours: ['blue'] }));
 */
export function readScenePrompt(
  text: string,
  known: { readonly things: readonly KnownThing[]; readonly colours: readonly string[] },
): ScenePrompt | undefined {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu) ?? [];
  const mentions = mentionsIn(words, known);
  const [first, second] = mentions;
  if (!first) return undefined;
  const between = second ? words.slice(first.end, second.from).join(' ') : '';
  const relation =
    mentions.length === 2
      ? RELATIONS.find(([, phrases]) => phrases.some((phrase) => ` ${between} `.includes(` ${phrase} `)))?.[0]
      : undefined;
  const count = mentions.length === 1 ? first.number : undefined;
  return {
    text,
    wanted: mentions.map(({ thing, colour }) => ({ thing, ...(colour === undefined ? {} : { colour }) })),
    ...(count === undefined ? {} : { count }),
    ...(relation === undefined ? {} : { relation }),
    heldOut: false,
  };
}

function mentionsIn(
  words: readonly string[],
  { things, colours }: { readonly things: readonly KnownThing[]; readonly colours: readonly string[] },
): Mention[] {
  const phrases = new Map(
    things.flatMap(({ name, words = [name] }, thing) => words.map((phrase) => [phrase, thing] as const)),
  );
  const longest = Math.max(...[...phrases.keys()].map((phrase) => phrase.split(' ').length));
  const thingAt = (from: number): Mention | undefined => {
    for (let length = longest; length > 0; length--) {
      const thing = phrases.get(words.slice(from, from + length).join(' '));
      if (thing !== undefined) return { thing, from, end: from + length };
    }
    return undefined;
  };
  const mentions: Mention[] = [];
  let colour: string | undefined;
  let number: number | undefined;
  for (let i = 0; i < words.length; ) {
    const word = words[i]!;
    // "An orange" is a thing, and "an orange fox" is not.
    const isColour = colours.includes(word) && (thingAt(i + 1) !== undefined || !thingAt(i));
    const found = isColour ? undefined : thingAt(i);
    if (found) {
      mentions.push({
        ...found,
        ...(colour === undefined ? {} : { colour }),
        ...(number === undefined ? {} : { number }),
      });
    }
    if (isColour) colour = word;
    else if (NUMBERS.has(word)) number = NUMBERS.get(word);
    else if (found || !PASSED_OVER.has(word)) [colour, number] = [undefined, undefined];
    i = found ? found.end : i + 1;
  }
  return mentions;
}
