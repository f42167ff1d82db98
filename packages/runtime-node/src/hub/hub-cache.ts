import {
  copyFile,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { partOf } from '../partial-file.js';

/** A commit's hash. */
export const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision);

/**
 * The cache of one repository, laid out as Python's huggingface_hub does: `refs/<revision>` hold commits, `blobs/<etag>`
 * the files, `snapshots/<commit>/<path>` links to them.
 */
export class HubCache {
  readonly folder: string;

  /** @param repository `owner/name` */
  constructor(root: string, repository: string) {
    this.folder = join(root, `models--${repository.replace('/', '--')}`);
  }

  blob(etag: string): string {
    return join(this.folder, 'blobs', etag);
  }

  /** The folder with the files of a commit. */
  snapshot(commit: string): string {
    return join(this.folder, 'snapshots', commit);
  }

  /** The commit that a revision stood for when the hub was last asked. */
  async commitOf(revision: string): Promise<string | undefined> {
    if (isCommit(revision)) return revision;
    const text = await readFile(join(this.folder, 'refs', revision), 'utf8').catch(() => undefined);
    return text?.trim();
  }

  async writeRef(revision: string, commit: string): Promise<void> {
    if (isCommit(revision) || (await this.commitOf(revision)) === commit) return;
    const path = join(this.folder, 'refs', revision);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(partOf(path), commit);
    await rename(partOf(path), path);
  }

  /** Makes a file that has arrived one of a commit. Copies it where there are no links, as on some Windows. */
  async link(commit: string, path: string, etag: string): Promise<void> {
    const place = join(this.snapshot(commit), path);
    if (await stat(place).catch(() => undefined)) return;
    await mkdir(dirname(place), { recursive: true });
    await rm(partOf(place), { force: true });
    const target = relative(dirname(place), this.blob(etag));
    await symlink(target, partOf(place)).catch(() => copyFile(this.blob(etag), partOf(place)));
    await rename(partOf(place), place);
  }

  /** The etag of a file of a commit: the name of what its link leads to. */
  async etagOf(commit: string, path: string): Promise<string> {
    const place = join(this.snapshot(commit), path);
    return basename(await readlink(place).catch(() => place));
  }

  /** Paths of the files of a commit that are there, with forward slashes. */
  async files(commit: string): Promise<readonly string[]> {
    const entries = await readdir(this.snapshot(commit), { recursive: true }).catch(() => []);
    return entries.map((path) => path.split(sep).join('/'));
  }
}
