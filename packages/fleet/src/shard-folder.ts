import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  MANIFEST,
  readManifest,
  ShardError,
  type ShardFile,
  type ShardManifest,
  type ShardStore,
  sha256,
  shardName,
  writeManifest,
} from './shard-store.js';

const PARTIAL = /^\.partial-/;

/** Shards in a folder, each in a folder of its own that appears as a whole: what is drawn lies beside until then. */
export class ShardFolder implements ShardStore {
  readonly #place: string;

  constructor(place: string) {
    this.#place = place;
  }

  pathOf({ index }: Pick<ShardManifest, 'index'>, file: string): string {
    return join(this.#folderOf(index), file);
  }

  async read(index: number, job: string): Promise<ShardManifest | undefined> {
    const path = this.pathOf({ index }, MANIFEST);
    const json = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    return json === undefined ? undefined : readManifest(json, { path, index, job });
  }

  async write(
    { job, index, of }: Pick<ShardManifest, 'job' | 'index' | 'of'>,
    files: AsyncIterable<ShardFile>,
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
      await writeFile(join(partial, MANIFEST), writeManifest(manifest));
      await rename(partial, this.#folderOf(index));
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

  async readPicture(shard: Pick<ShardManifest, 'index'>, file: string): Promise<Uint8Array> {
    const path = this.pathOf(shard, file);
    return readFile(path).catch((cause: unknown) => {
      throw new ShardError(`${path} is missing. Delete the shard and draw it again.`, { cause });
    });
  }

  async writeWhole(files: Readonly<Record<string, Uint8Array>>): Promise<void> {
    for (const [name, bytes] of Object.entries(files)) {
      const partial = join(this.#place, `.partial-${name}-${randomUUID()}`);
      await writeFile(partial, bytes);
      await rename(partial, join(this.#place, name));
    }
  }

  async clean(): Promise<void> {
    for (const name of await readdir(this.#place))
      if (PARTIAL.test(name)) await rm(join(this.#place, name), { recursive: true, force: true });
  }

  #folderOf(index: number): string {
    return join(this.#place, shardName(index));
  }
}
