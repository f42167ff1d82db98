/** Real pictures as a network sees them: what generated ones are measured against. */
export interface ReferencePictures {
  readonly name: string;
  /** Features a picture. */
  readonly width: number;
  /** [m, width]. */
  readonly features: Float32Array;
  /**
   * [m]; absent where unknown: then splits aren't balanced and diversity isn't measured. Arms draw all classes in equal
   * parts, so give equally many pictures of each: else a part of every distance is that of the two mixes.
   */
  readonly labels?: Int32Array;
  /** Share of them whose class the network sees right. */
  readonly classAccuracy?: number;
  /** Kind of damage → share of them in which the network sees it, wrongly. */
  readonly damages?: Readonly<Record<string, number>>;
}
