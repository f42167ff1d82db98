import { createHash } from 'node:crypto';
import { CheckpointFormatError, openTensors, type TensorFile, type TorchFile } from '@tessera/convert';
import type { Check } from '../compare.js';
import type { CaseReplay, GoldenCase } from '../golden-case.js';
import { GoldenDataError } from '../golden-data-error.js';
import type { JsonFields } from '../json-fields.js';

/** A file that torch.save wrote, or that looks so: read as recorded, or refused with a typed error. */
export const replayCheckpoint: CaseReplay = async (golden) => {
  const { fields } = golden;
  const expected = fields.text('expect');
  if (!['ok', 'error', 'ok-or-error'].includes(expected)) {
    throw new GoldenDataError(`The case expects "${expected}"; there are ok, error and ok-or-error.`);
  }
  const checks: Check[] = [];
  try {
    await withTensors(golden.path(fields.text('file')), async (file) => {
      if (expected === 'error') for (const name of file.names) await file.readBytes(name);
      else for await (const each of comparisons(golden, file)) checks.push(each);
    });
  } catch (error) {
    if (expected === 'ok' || !CheckpointFormatError.isInstance(error)) throw error;
    return [same(`refused: ${error.problem}`, true)];
  }
  return expected === 'error' ? [same('refused, but it was read', false)] : checks;
};

async function* comparisons(golden: GoldenCase, file: TensorFile | TorchFile): AsyncGenerator<Check> {
  const { fields } = golden;
  const inside = (place: string): [prefix: string, names: readonly string[]] => {
    const prefix = place === '' ? '' : `${place}.`;
    const names = file.names.filter((name) => name.startsWith(prefix));
    return [prefix, names.map((name) => name.slice(prefix.length))];
  };
  for (const [place, path] of textsOf(fields, 'select')) {
    const [prefix, names] = inside(place);
    yield* await withTensors(golden.path(path), async (recorded) => {
      const found: Check[] = [same(`names at "${place}"`, isSameSet(names, recorded.names))];
      for (const name of recorded.names.filter((each) => names.includes(each))) {
        const isSame =
          file.dtype(prefix + name) === recorded.dtype(name) &&
          `${file.shape(prefix + name)}` === `${recorded.shape(name)}` &&
          Buffer.from(await file.readBytes(prefix + name)).equals(await recorded.readBytes(name));
        found.push(same(`bytes of "${prefix}${name}"`, isSame));
      }
      if (fields.has('prefix')) {
        const wrapper = fields.text('prefix');
        found.push(
          same(
            'prefix',
            names.every((name) => name.startsWith(wrapper)),
          ),
        );
      }
      return found;
    });
  }
  for (const [place, tensors] of objectsOf(fields, 'sha256')) {
    const [prefix, names] = inside(place);
    yield same(`names at "${place}"`, isSameSet(names, tensors.names));
    for (const [name, tensor] of tensors.names.map((each) => [each, tensors.object(each)] as const)) {
      if (!names.includes(name)) continue;
      const sum = createHash('sha256')
        .update(await file.readBytes(prefix + name))
        .digest('hex');
      const isSame =
        sum === tensor.text('sha256') &&
        file.dtype(prefix + name) === tensor.text('dtype') &&
        `${file.shape(prefix + name)}` === `${tensor.numbers('shape')}`;
      yield same(`bytes of "${prefix}${name}"`, isSame);
    }
  }
  const [keys, value] = 'keys' in file ? [file.keys, file.value] : [[], () => undefined];
  for (const [path, recorded] of entriesOf(fields, 'values')) {
    const found = value(path);
    yield same(`value "${path}"`, (typeof found === 'bigint' ? Number(found) : found) === recorded);
  }
  const order = fields.values.top_level_keys;
  if (order !== undefined) yield same('top_level_keys', JSON.stringify(keys) === JSON.stringify(order));
}

const same = (what: string, isSame: boolean): Check => ({ what, error: isSame ? 0 : 1, tolerance: 0 });

const isSameSet = (one: readonly string[], other: readonly string[]): boolean =>
  JSON.stringify(one.toSorted()) === JSON.stringify(other.toSorted());

const entriesOf = (fields: JsonFields, name: string): [key: string, value: unknown][] =>
  fields.has(name) ? Object.entries(fields.object(name).values) : [];

const textsOf = (fields: JsonFields, name: string): (readonly [key: string, text: string])[] =>
  entriesOf(fields, name).map(([key]) => [key, fields.object(name).text(key)]);

const objectsOf = (fields: JsonFields, name: string): (readonly [key: string, object: JsonFields])[] =>
  entriesOf(fields, name).map(([key]) => [key, fields.object(name).object(key)]);

async function withTensors<T>(path: string, use: (file: TensorFile | TorchFile) => Promise<T>): Promise<T> {
  const file = await openTensors(path);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
