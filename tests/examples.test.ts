import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { TextEncoder } from '../packages/core/src/model.js';

const folder = resolve('examples');
const examples = readdirSync(folder).filter((name) => name.endsWith('.js'));

/** What each example says and leaves behind. */
const expected: Record<string, { files: string[]; output: RegExp }> = {
  'first-picture.js': { files: ['cat.png'], output: /^$/ },
  'prompt.js': { files: ['burger.png'], output: /^$/ },
  'custom-policy.js': { files: ['rings.png'], output: /^info: Every seed gives the same plans/ },
  'batch.js': {
    files: ['batch-0.png', 'batch-1.png', 'batch-2-alone.png', 'batch-2.png', 'batch-3.png'],
    output: /^step 0: generation\n.*step 17: correction/s,
  },
  'edit.js': { files: ['edit-after.png', 'edit-before.png', 'edit-wider.png'], output: /^$/ },
  'cancel.js': { files: [], output: /stopped\n$/ },
  'next-route.js': { files: [], output: /^$/ },
  'transformers-text.js': { files: [], output: /^$/ },
};

describe('the examples', () => {
  it('are all listed here and in their README', () => {
    expect(examples.sort()).toEqual(Object.keys(expected).sort());
    const readme = readFileSync(join(folder, 'README.md'), 'utf8');
    for (const name of examples) expect(readme).toContain(`\`${name}\``);
  });

  it.each(examples)('%s runs and leaves what it says', { timeout: 120_000 }, (name) => {
    const place = mkdtempSync(join(tmpdir(), 'tessera-example-'));
    onTestFinished(() => rmSync(place, { recursive: true }));
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, name)], {
      cwd: place,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toMatch(expected[name]!.output);
    expect(readdirSync(place).sort()).toEqual(expected[name]!.files);
    if (name === 'batch.js') {
      const [inBatch, alone] = ['batch-2.png', 'batch-2-alone.png'].map((file) =>
        readFileSync(join(place, file)),
      );
      expect(alone!.equals(inBatch!)).toBe(true);
    }
  });

  it('let another library read prompts: padded, one at a time, with the mask', async () => {
    const example = new URL('../examples/transformers-text.js', import.meta.url).href;
    const { transformersText } = (await import(example)) as {
      transformersText(options: object): TextEncoder;
    };
    const seen: object[] = [];
    let isDisposed = false;
    const model = Object.assign(
      async ({ input_ids: ids }: { input_ids: { data: bigint[] } }) => ({
        last_hidden_state: { data: ids.data.flatMap((id) => [Number(id), 0.5]) },
      }),
      { dispose: async () => (isDisposed = true) },
    );
    const encoder = transformersText({
      tokenizer: (texts: string[], options: object) => {
        seen.push({ texts, ...options });
        const [{ length }] = texts as [string];
        const rows = (of: (row: number) => bigint) => ({ data: [0, 1, 2, 3].map(of) });
        return {
          input_ids: rows(() => BigInt(length)),
          attention_mask: rows((row) => BigInt(+(row < length))),
        };
      },
      ...{ model, length: 4, width: 2 },
    });
    const rows = { padding: 'max_length', truncation: true, max_length: 4 };
    expect(await encoder.encode(['fox', 'a'])).toEqual([
      { features: Float32Array.of(3, 0.5, 3, 0.5, 3, 0.5, 3, 0.5), mask: Uint8Array.of(1, 1, 1, 0) },
      { features: Float32Array.of(1, 0.5, 1, 0.5, 1, 0.5, 1, 0.5), mask: Uint8Array.of(1, 0, 0, 0) },
    ]);
    expect(seen).toEqual([
      { texts: ['fox'], ...rows },
      { texts: ['a'], ...rows },
    ]);
    const stopped = encoder.encode(['fox'], { signal: AbortSignal.abort(new Error('enough')) });
    await expect(stopped).rejects.toThrow('enough');
    await encoder.dispose();
    expect(isDisposed).toBe(true);
  });

  it('are the code in the README', () => {
    const code = readFileSync(join(folder, 'first-picture.js'), 'utf8')
      .split('\n')
      .slice(1)
      .join('\n')
      .trim();
    expect(readFileSync('README.md', 'utf8')).toContain(code);
  });

  it('show a custom policy of at most ten lines', () => {
    const source = readFileSync(join(folder, 'custom-policy.js'), 'utf8');
    const policy = source.slice(source.indexOf('const rings'), source.indexOf('});') + 3);
    expect(policy.split('\n').length).toBeLessThanOrEqual(10);
  });
});
