// As tools/train has them: CLASS_NAMES of train/render, DAMAGES of train/judge/damage.py.

export const CLASS_NAMES = [
  ...['flower', 'butterfly', 'fish', 'mushroom', 'tree', 'house'],
  ...['cat', 'planet', 'balloon', 'cactus', 'sailboat', 'snowflake'],
] as const;

export const DAMAGE_NAMES = ['none', 'blur', 'grain', 'blotches', 'swapped tokens', 'joined halves'] as const;
