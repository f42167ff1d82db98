import { describe, expect, it } from 'vitest';
import { addressLocation, folderLocation } from './model-location.js';

const base = 'https://example.org/app/';

describe('the address of a model', () => {
  it.each([
    ['https://models.test/mine', 'https://models.test/mine/'],
    ['https://models.test/mine/', 'https://models.test/mine/'],
    [' https://models.test/mine/mar.json ', 'https://models.test/mine/'],
    ['models/mine', 'https://example.org/app/models/mine/'],
    ['http://localhost:8080', 'http://localhost:8080/'],
  ])('%s names the folder %s', (typed, url) => {
    expect(addressLocation(typed, base)).toEqual({ kind: 'address', url });
  });

  it.each([
    ['', /Enter the address/],
    ['https://', /not an address/],
    ['file:///home/me/model', /Only addresses of http and https/],
    ['javascript:alert(1)', /Only addresses of http and https/],
  ])('"%s" is refused with what to do', (typed, problem) => {
    expect(addressLocation(typed, base)).toMatch(problem);
  });
});

describe('the folder of a model', () => {
  const file = (path: string) =>
    Object.assign(new File(['x'], path.split('/').at(-1)!), { webkitRelativePath: path });

  it('holds the files beside mar.json by their paths', () => {
    const files = ['disk/tiny/mar.json', 'disk/tiny/onnx/head.onnx', 'disk/notes.txt'].map(file);
    expect(folderLocation(files)).toEqual({
      kind: 'folder',
      name: 'tiny',
      files: new Map([
        ['mar.json', files[0]],
        ['onnx/head.onnx', files[1]],
      ]),
    });
  });

  it('without a mar.json is refused', () => {
    expect(folderLocation([file('disk/notes.txt')])).toMatch(/holds no mar\.json/);
  });
});
