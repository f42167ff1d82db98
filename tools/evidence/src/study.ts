/** One way to sample, among those that a study compares. */
export interface StudyVariant {
  /** As tables and plots name it. */
  readonly name: string;
  /** As @tessera/format reads it. */
  readonly text: string;
}

/** A question that is answered by drawing. What was added when there were results says so in `method`. */
export interface Study {
  readonly id: string;
  readonly title: string;
  readonly question: string;
  /** What others have said, with where. */
  readonly claim: string;
  /** What differs between the variants and what does not. */
  readonly method: string;
  readonly arms: readonly StudyVariant[];
  /** Pairs of names, each once: [variant, against]. @default every variant against the first */
  readonly comparisons?: readonly (readonly [arm: string, against: string])[];
  /** Whether the variants are timed as well, one picture at a time and in turn. @default false */
  readonly timed?: boolean;
}

/** Pairs of every other variant with the first of its group. */
export function againstFirst(
  ...groups: readonly (readonly StudyVariant[])[]
): [arm: string, against: string][] {
  return groups.flatMap(([first, ...others]) =>
    others.map(({ name }): [string, string] => [name, first!.name]),
  );
}
