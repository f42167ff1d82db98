/** The user's code failed, at a line of it where that is known. */
export class OwnCodeError extends Error {
  readonly line: number | undefined;

  constructor(message: string, line?: number) {
    super(message);
    this.name = 'OwnCodeError';
    this.line = line;
  }
}
