import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHubSource, hubAddress, isCheckpointName, parseModelSource } from './model-source.js';

const hub = (repository: string, revision = 'main', path = '') => ({
  kind: 'hub',
  repository,
  revision,
  path,
});

describe('parseModelSource', () => {
  it.each([
    ['hf:owner/name', hub('owner/name')],
    ['HF:owner/name/', hub('owner/name')],
    ['hf://owner/name@v1', hub('owner/name', 'v1')],
    ['hf:owner/name@a%2Fb/x y/mar.json', hub('owner/name', 'a/b', 'x y/mar.json')],
    ['hf:owner/name@refs/pr/3/mar.pth', hub('owner/name', 'refs/pr/3', 'mar.pth')],
    ['https://huggingface.co/owner/name', hub('owner/name')],
    ['https://huggingface.co/owner/name/blob/main/a%20b.pth?x=1#L1', hub('owner/name', 'main', 'a b.pth')],
    ['https://hf.co/owner/name/tree/v1/sub/', hub('owner/name', 'v1', 'sub')],
    ['https://huggingface.co/datasets/x/y', { kind: 'http', url: 'https://huggingface.co/datasets/x/y' }],
    ['http://localhost/model/', { kind: 'http', url: 'http://localhost/model/' }],
    ['models/mar', { kind: 'path', path: 'models/mar' }],
    ['C:\\models', { kind: 'path', path: 'C:\\models' }],
  ])('reads %s', (text, source) => {
    expect(parseModelSource(text)).toEqual(source);
  });

  it.each([
    'hf:',
    'hf:name',
    'hf:owner/name/../x',
    'hf:owner/na me',
    'hf:owner/name@/x',
    'hf:owner/name//x',
    'hf:a/b/c\\d',
  ])('refuses %s, and says what is meant', (text) => {
    expect(() => parseModelSource(text)).toThrow(/must be hf:owner\/name, /);
  });

  it('reads what formatHubSource prints', () => {
    const name = fc.stringMatching(/^[\w.-]{1,20}$/);
    const part = fc.stringMatching(/^[\w -]{1,9}$/);
    const source = fc.record({
      repository: fc.tuple(name, name).map((parts) => parts.join('/')),
      revision: fc.oneof(
        part,
        fc.tuple(part, part).map((parts) => parts.join('/')),
      ),
      path: fc.array(part, { maxLength: 3 }).map((parts) => parts.join('/')),
    });
    fc.assert(
      fc.property(source, (each) => {
        expect(parseModelSource(formatHubSource(each))).toEqual({ kind: 'hub', ...each });
      }),
    );
  });
});

it('addresses encode what a path may have, and a revision is one part', () => {
  expect(hubAddress({ repository: 'o/n', revision: 'a/b', path: 'x #/y.json' }, 'http://hub/')).toBe(
    'http://hub/o/n/resolve/a%2Fb/x%20%23/y.json',
  );
});

it.each([
  ['a.safetensors', true],
  ['https://x/a.pth?token=b.json', true],
  ['a.safetensors.index.json', true],
  ['mar.json', false],
  ['models/mar', false],
])('%s is the name of a checkpoint: %s', (name, is) => {
  expect(isCheckpointName(name)).toBe(is);
});
