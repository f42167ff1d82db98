/** One way to sample, among those that a study compares. */
export interface StudyArm {
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
  /** What differs between the arms and what does not. */
  readonly method: string;
  readonly arms: readonly StudyArm[];
  /** Pairs of names, each once: [arm, against]. @default every arm against the first */
  readonly comparisons?: readonly (readonly [arm: string, against: string])[];
  /** Whether the arms are timed as well, one picture at a time and in turn. @default false */
  readonly timed?: boolean;
}

/** Pairs of every other arm with the first of its group. */
export function againstFirst(...groups: readonly (readonly StudyArm[])[]): [arm: string, against: string][] {
  return groups.flatMap(([first, ...others]) =>
    others.map(({ name }): [string, string] => [name, first!.name]),
  );
}
