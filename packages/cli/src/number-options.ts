import { InvalidArgumentError, Option } from 'commander';

/** An option that takes an integer from `least` to `most`, which is named if it is given. */
export function wholeNumberOption(flags: string, description: string, least: number, most?: number): Option {
  return new Option(flags, description).argParser((text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > (most ?? Number.MAX_SAFE_INTEGER)) {
      throw new InvalidArgumentError(`It must be an integer from ${least}${most ? ` to ${most}` : ''}.`);
    }
    return value;
  });
}

/** The option `--seed`. */
export function seedOption(): Option {
  const description = 'seed of the noise: another one gives other pictures';
  return wholeNumberOption('--seed <n>', description, 0, Number.MAX_SAFE_INTEGER).default(1);
}

/** An option that takes a number ≥ 0. */
export function decimalOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
      throw new InvalidArgumentError('It must be a number from 0.');
    }
    return value;
  });
}

/** An option that may be given several times. */
export function repeatableOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((word: string, before: readonly string[] = []) => [
    ...before,
    word,
  ]);
}
