import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { leavePart, partOf, takeOverPart } from './partial-file.js';

/** No system gives so high a number to a process. */
const ENDED = 2 ** 30;

let folder: string;
let target: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tessera-part-'));
  target = join(folder, 'a.onnx');
});
afterEach(() => rmSync(folder, { recursive: true }));

it.each(['part', `part-${hostname()}-${ENDED}-0`])('what was left in .%s is taken over', async (ending) => {
  writeFileSync(`${target}.${ending}`, 'abc');
  expect(await takeOverPart(target)).toBe(3);
  expect(readdirSync(folder)).toEqual([basename(partOf(target))]);
});

it('what a running process, another machine or another file has is let be', async () => {
  const others = [
    `a.onnx.part-${hostname()}-${process.ppid}-0`,
    'a.onnx.part-elsewhere-1-0',
    'a.onnx_data.part',
    'aaonnx.part',
  ];
  for (const name of others) writeFileSync(join(folder, name), 'abc');
  expect(await takeOverPart(target)).toBe(0);
  expect(readdirSync(folder).toSorted()).toEqual(others.toSorted());
});

it('what arrived is left to the next', async () => {
  writeFileSync(partOf(target), 'abcd');
  await leavePart(target);
  expect(readFileSync(`${target}.part`, 'utf8')).toBe('abcd');
  await leavePart(target);
  expect(await takeOverPart(target)).toBe(4);
});
