import { describe, expect, it } from 'vitest';
import { type FoundThing, meetsPrompt, parsePromptSet, type ScenePrompt } from './scene-prompts.js';

const THINGS = [
  { name: 'fox', colour: 'orange' },
  { name: 'apple', colour: 'red' },
  { name: 'rainbow', colour: null },
];
const [FOX, APPLE, RAINBOW] = [0, 1, 2];

const at = (thing: number, row: number, column: number, colour: string | null = null): FoundThing => ({
  ...{ thing, colour, row, column },
  size: 'small',
});
const asks = (wanted: ScenePrompt['wanted'], more: Partial<ScenePrompt> = {}): ScenePrompt => ({
  ...{ text: 'a text', wanted, heldOut: false },
  ...more,
});
const meets = (prompt: ScenePrompt, ...found: FoundThing[]): boolean => meetsPrompt(prompt, found, THINGS);

describe('a prompt', () => {
  it('of a thing is met where the thing is, whatever else there is', () => {
    const prompt = asks([{ thing: FOX }]);
    expect(meets(prompt, at(FOX, 1, 1))).toBe(true);
    expect(meets(prompt, at(APPLE, 1, 1), at(FOX, 9, 9, 'blue'))).toBe(true);
    expect(meets(prompt, at(APPLE, 1, 1))).toBe(false);
    expect(meets(prompt)).toBe(false);
  });

  it('of a colour is met by a thing of that colour, given or its own', () => {
    const prompt = asks([{ thing: APPLE, colour: 'red' }]);
    expect(meets(prompt, at(APPLE, 1, 1))).toBe(true);
    expect(meets(prompt, at(APPLE, 1, 1, 'red'))).toBe(true);
    expect(meets(prompt, at(APPLE, 1, 1, 'blue'))).toBe(false);
    expect(meets(asks([{ thing: RAINBOW, colour: 'red' }]), at(RAINBOW, 1, 1))).toBe(false);
  });

  it('of two things needs both, each in its colour', () => {
    const prompt = asks([
      { thing: FOX, colour: 'blue' },
      { thing: APPLE, colour: 'green' },
    ]);
    expect(meets(prompt, at(FOX, 1, 1, 'blue'), at(APPLE, 1, 9, 'green'))).toBe(true);
    expect(meets(prompt, at(FOX, 1, 1, 'green'), at(APPLE, 1, 9, 'blue'))).toBe(false);
    expect(meets(prompt, at(FOX, 1, 1, 'blue'))).toBe(false);
  });

  it('of a number is met by exactly so many', () => {
    const prompt = asks([{ thing: APPLE }], { count: 2 });
    const apples = [at(APPLE, 1, 1), at(APPLE, 1, 9), at(APPLE, 9, 1)];
    expect([1, 2, 3].map((count) => meets(prompt, ...apples.slice(0, count)))).toEqual([false, true, false]);
  });

  it.each([
    ['left of', at(FOX, 5, 2), at(APPLE, 6, 9)],
    ['right of', at(FOX, 6, 9), at(APPLE, 5, 2)],
    ['above', at(FOX, 2, 5), at(APPLE, 9, 6)],
    ['below', at(FOX, 9, 6), at(APPLE, 2, 5)],
  ] as const)('of a relation is met by things that stand so: %s', (relation, fox, apple) => {
    const prompt = asks([{ thing: FOX }, { thing: APPLE }], { relation });
    expect(meets(prompt, fox, apple)).toBe(true);
    expect(meets(prompt, { ...fox, thing: APPLE }, { ...apple, thing: FOX })).toBe(false);
    expect(meets(prompt, at(FOX, 3, 3), at(APPLE, 7, 7))).toBe(false);
  });
});

describe('parsePromptSet', () => {
  const text = (changes: object): string =>
    JSON.stringify({
      skills: ['single object'],
      prompts: [{ text: 'a fox', wanted: [{ thing: 0 }], heldOut: false }],
      ...changes,
    });

  it('reads skills and prompts', () => {
    expect(parsePromptSet(text({}), 3).prompts).toEqual([asks([{ thing: 0 }], { text: 'a fox' })]);
  });

  it.each([
    [{ skills: ['a', 'b'] }, 'equally many prompts of each skill'],
    [{ prompts: [asks([{ thing: 3 }])] }, 'things that the network knows, 0 to 2'],
    [{ prompts: [asks([{ thing: 0 }], { relation: 'above' })] }, 'two things where it says how they stand'],
    [{ prompts: [asks([])] }, 'wanted'],
    [{ prompts: [{ ...asks([{ thing: 0 }]), relation: 'behind' }] }, 'relation'],
  ])('refuses %j', (changes, problem) => {
    expect(() => parsePromptSet(text(changes), 3)).toThrow(problem);
  });
});
