/** The classes of the embedded model, known before it is loaded; a test compares them with its manifest. */
export const CLASS_NAMES: readonly string[] = [
  'flower',
  'butterfly',
  'fish',
  'mushroom',
  'tree',
  'house',
  'cat',
  'planet',
  'balloon',
  'cactus',
  'sailboat',
  'snowflake',
];

/** Its grid. */
export const GRID = { height: 16, width: 16 } as const;
