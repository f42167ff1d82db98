import type { Recipe } from '@tessera/format';
import { InvalidArgumentError, Option } from 'commander';

export const sizeOption = (): Option =>
  new Option('--size <W>x<H>', "pixels, for models that draw other sizes (default: the model's)").argParser(
    sizeFrom,
  );

function sizeFrom(text: string): NonNullable<Recipe['size']> {
  const [, width, height] = /^(\d{1,5})x(\d{1,5})$/.exec(text) ?? [];
  if (!width || !height) throw new InvalidArgumentError('It must be a width and a height, such as 192x128.');
  return { width: Number(width), height: Number(height) };
}
