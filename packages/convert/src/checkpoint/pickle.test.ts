import { expect, it } from 'vitest';
import { PickleDict, unpickle } from './pickle.js';
import { TorchHost } from './torch-objects.js';

const read = (...parts: readonly (string | Uint8Array)[]) => {
  const bytes = Buffer.concat(
    ['\x80\x02', ...parts, '.'].map((part) => Buffer.from(part as string, 'latin1')),
  );
  return unpickle('a.pth', bytes, new TorchHost('a.pth')).value;
};
const text = (value: string) => `X${String.fromCharCode(value.length)}\0\0\0${value}`;
/** A tuple within a tuple, and so on. */
const deep = `)${'\x85'.repeat(300_000)}`;
/** Sixty tuples, each of which holds the one before twice: 2^60 to one who walks them. */
const shared = `(${[
  ')q\0',
  ...Array.from({ length: 60 }, (_, i) => {
    const before = `h${String.fromCharCode(i)}`;
    return `${before}${before}\x86q${String.fromCharCode(i + 1)}`;
  }),
].join('')}t`;

it.each([
  ['a module', `${deep}${text('name')}\x93`],
  ['a name', `${text('os')}${deep}\x93`],
  ['a module', `${shared}${text('name')}\x93`],
  ['a name', `${text('os')}${shared}\x93`],
  ['a module', `}${text('name')}\x93`],
])('%s that is no text is refused, however it nests', (_, pickle) => {
  expect(() => read(pickle)).toThrow(
    expect.objectContaining({ code: 'checkpoint-format', problem: 'pickle' }),
  );
});

it('only an ordered dictionary takes attributes', () => {
  const state = `}${text('a')}Nsb`;
  const ordered = read(`ccollections\nOrderedDict\n)R${state}`);
  expect(ordered).toBeInstanceOf(PickleDict);
  expect((ordered as PickleDict).entries.size).toBe(0);
  expect(() => read(`}${state}`)).toThrow(/gives a state to what has none/);
});

it.each([
  ['a dictionary', '}'],
  ['a list', ']'],
  ['a namespace', 'cargparse\nNamespace\n)R'],
])('%s as a key is refused', (_, key) => {
  expect(() => read(`}${key}Ns`)).toThrow(/a key that no dictionary takes/);
});
