import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TesseraError } from '@tessera/core';
import { parseDocument } from '@tessera/format';
import * as v from 'valibot';

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const file = v.pipe(v.string(), v.regex(/^[\w.-]+$/));

const schema = v.strictObject({
  format: v.literal('tessera-shard'),
  version: v.literal(1),
  /** See `jobId`. */
  job: hash,
  index: whole,
  of: whole,
  pictures: v.array(v.strictObject({ index: whole, file, sha256: hash })),
});

/** What a finished shard holds. */
export type ShardManifest = v.InferOutput<typeof schema>;

/** A shard is not what it should be. */
export class ShardError extends TesseraError {
  static override readonly code = 'shard';
  constructor(message: string, options?: { cause?: unknown }) {
    super(ShardError.code, message, options);
  }
}

const MANIFEST = 'manifest.json';
const PARTIAL = /^\.partial-/;

/**
 * Finished shards in a folder, each in a folder of its own that appears as a whole: what is drawn lies beside until then. So a
 * worker may die at any moment, and two may draw the same shard; one of them is kept.
 */
export class ShardFolder {
  readonly #place: string;

  constructor(place: string) {
    this.#place = place;
  }

  pathOf(index: number): string {
    return join(this.#place, `shard-${`${index}`.padStart(6, '0')}`);
  }

  /** @returns undefined where the shard isn't finished. @throws ShardError where it is another job's, or can't be read */
  async read(index: number, job: string): Promise<ShardManifest | undefined> {
    const path = join(this.pathOf(index), MANIFEST);
    const json = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (json === undefined) return undefined;
    const manifest = parseDocument(
      json,
      schema,
      (problems, options) =>
        new ShardError(`${path} is no manifest of a shard:\n${problems.join('\n')}`, options),
      { format: 'tessera-shard', version: 1 },
    );
    if (manifest.job === job && manifest.index === index) return manifest;
    throw new ShardError(`${path} is of another job. Choose another folder by --out.`);
  }

  /**
   * Writes a shard. Where another worker has finished it meanwhile, that one's stays.
   *
   * @param files in order, each once
   */
  async write(
    { job, index, of }: Pick<ShardManifest, 'job' | 'index' | 'of'>,
    files: AsyncIterable<{ readonly index: number; readonly file: string; readonly bytes: Uint8Array }>,
  ): Promise<ShardManifest> {
    const partial = join(this.#place, `.partial-${index}-${randomUUID()}`);
    await mkdir(partial, { recursive: true });
    try {
      const pictures: ShardManifest['pictures'] = [];
      for await (const { bytes, ...picture } of files) {
        await writeFile(join(partial, picture.file), bytes);
        pictures.push({ ...picture, sha256: sha256(bytes) });
      }
      const manifest: ShardManifest = { format: 'tessera-shard', version: 1, job, index, of, pictures };
      await writeFile(join(partial, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
      await rename(partial, this.pathOf(index));
      return manifest;
    } catch (error) {
      // Another one has finished it, and maybe the whole job, after which what lies beside is deleted.
      const other = await this.read(index, job);
      if (!other) throw error;
      return other;
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }

  /**
   * Checks every file of a finished shard.
   *
   * @throws ShardError that names the first one that is missing or changed
   */
  async verify({ index, pictures }: ShardManifest): Promise<void> {
    for (const { file, sha256: expected } of pictures) {
      const path = join(this.pathOf(index), file);
      const bytes = await readFile(path).catch((cause: unknown) => {
        throw new ShardError(`${path} is missing. Delete the shard's folder and draw it again.`, { cause });
      });
      if (sha256(bytes) !== expected)
        throw new ShardError(`${path} is not what was drawn. Delete the shard's folder and draw it again.`);
    }
  }

  /** Deletes what workers that died have left. None may be at work. */
  async clean(): Promise<void> {
    for (const name of await readdir(this.#place))
      if (PARTIAL.test(name)) await rm(join(this.#place, name), { recursive: true, force: true });
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
