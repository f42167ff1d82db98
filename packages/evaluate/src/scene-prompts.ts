import * as v from 'valibot';
import { parseDescription } from './network-description.js';

const text = v.pipe(v.string(), v.minLength(1));
const place = v.pipe(v.number(), v.integer(), v.minValue(0));

/** How the first of two things stands to the second. */
const RELATIONS = ['left of', 'right of', 'above', 'below'] as const;
type Relation = (typeof RELATIONS)[number];

const promptSchema = v.strictObject({
  text,
  /** The things that have to be there, as places in the network's list; of any colour unless one is given. */
  wanted: v.pipe(v.array(v.strictObject({ thing: place, colour: v.exactOptional(text) })), v.minLength(1)),
  /** How many of the first thing there have to be. @default any number from one */
  count: v.exactOptional(v.pipe(place, v.minValue(1))),
  /** Of the first thing to the second. @default any */
  relation: v.exactOptional(v.picklist(RELATIONS)),
  /** Whether no training picture showed this combination. */
  heldOut: v.boolean(),
});

const schema = v.pipe(
  v.strictObject({
    skills: v.pipe(v.array(text), v.minLength(1)),
    prompts: v.pipe(v.array(promptSchema), v.minLength(1)),
  }),
  v.check(
    ({ skills, prompts }) => prompts.length % skills.length === 0,
    'must have equally many prompts of each skill',
  ),
  v.check(
    ({ prompts }) => prompts.every(({ relation, wanted }) => relation === undefined || wanted.length === 2),
    'must want two things where it says how they stand',
  ),
);

/** A text and what a picture of it has to show. */
export type ScenePrompt = v.InferOutput<typeof promptSchema>;

/** Prompts of several skills, such as GenEval's six (arXiv 2310.11513); prompt k is of skill k mod skills. */
export type PromptSet = v.InferOutput<typeof schema>;

/** A thing that a network finds in a picture. */
export interface FoundThing {
  /** Its place in the network's list of things. */
  readonly thing: number;
  /** The colour that it was given; null for its own. */
  readonly colour: string | null;
  readonly size: string;
  /** The cell of its middle. */
  readonly row: number;
  readonly column: number;
}

/** A thing that a network knows. */
export interface KnownThing {
  readonly name: string;
  /** The colour that it has by itself; null where one wouldn't call it by any. */
  readonly colour: string | null;
  /** All that it is called, one or several of it, in lower case. @default its name */
  readonly words?: readonly string[];
}

/**
 * Reads a file of prompts.
 *
 * @param things how many the network knows
 * @throws FeatureNetworkError that lists everything wrong with it
 */
export function parsePromptSet(json: string, things: number): PromptSet {
  const known = v.pipe(
    schema,
    v.check(
      ({ prompts }) => prompts.every(({ wanted }) => wanted.every(({ thing }) => thing < things)),
      `must want things that the network knows, 0 to ${things - 1}`,
    ),
  );
  return parseDescription('The prompts', known, json);
}

/**
 * Whether a picture in which `found` was found shows what a prompt asks for: all wanted things in their colours, as many
 * as it counts, standing as it says. Other things may be there as well.
 *
 * @param things all that the network knows
 * @example
 * const things = [{ name: 'fox', colour: 'orange' }];
 * const found = [{ thing: 0, colour: null, size: 'big', row: 8, column: 8 }];
 * const prompt = { text: 'an orange fox', wanted: [{ thing: 0, colour: 'orange' }], heldOut: false };
 * console.log(meetsPrompt(prompt, found, things)); // true
 */
export function meetsPrompt(
  { wanted, count, relation }: ScenePrompt,
  found: readonly FoundThing[],
  things: readonly KnownThing[],
): boolean {
  const groups = wanted.map(({ thing, colour }) =>
    found.filter(
      (each) =>
        each.thing === thing &&
        (colour === undefined || colour === (each.colour ?? things[thing]?.colour ?? null)),
    ),
  );
  if (groups.some(({ length }) => length === 0)) return false;
  const [first = [], second = []] = groups;
  if (count !== undefined) return first.length === count;
  if (relation === undefined) return true;
  return first.some((one) => second.some((other) => stands(one, relation, other)));
}

/** Whether it does, more than any other way. */
function stands(first: FoundThing, relation: Relation, second: FoundThing): boolean {
  const down = second.row - first.row;
  const across = second.column - first.column;
  switch (relation) {
    case 'left of':
      return across > Math.abs(down);
    case 'right of':
      return -across > Math.abs(down);
    case 'above':
      return down > Math.abs(across);
    case 'below':
      return -down > Math.abs(across);
  }
}
