import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type HttpHabit, plainly } from './http-habits.js';

/** A file of a repository. */
export interface HubServerFile {
  readonly body: Buffer;
  /** Whether it is stored by LFS, so that its SHA-256 is known and another address serves it. */
  readonly isLfs: boolean;
}

/** What a hub has: `owner/name` → branch → path → file. */
export type HubServerRepositories = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, HubServerFile>>>>>
>;

export interface HubServer {
  readonly endpoint: string;
  /** Method and path of each request, the latest at the end. */
  readonly requests: { readonly path: string; readonly headers: IncomingMessage['headers'] }[];
  /** What it does when asked for a file. Lists are always sent plainly. */
  habit: HttpHabit;
  repositories: HubServerRepositories;
  /** A token that every request has to have. */
  token: string | undefined;
  close(): Promise<void>;
}

const gitHash = (body: Buffer): string =>
  createHash('sha1').update(`blob ${body.length}\0`).update(body).digest('hex');
const lfsHash = (body: Buffer): string => createHash('sha256').update(body).digest('hex');

/** The commit that a branch of {@link hubServer} is at: it changes with any file. */
export function commitOf(files: Readonly<Record<string, HubServerFile>>): string {
  const hash = createHash('sha1');
  for (const [path, { body }] of Object.entries(files)) hash.update(`${path} ${gitHash(body)}\n`);
  return hash.digest('hex');
}

/** A server that speaks the part of the hub's API that downloads use: for tests. */
export async function hubServer(repositories: HubServerRepositories): Promise<HubServer> {
  const server = createServer((request, response) => answer(hub, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const hub: HubServer = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    habit: plainly,
    repositories,
    token: undefined,
    close: () => close(server),
  };
  return hub;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

function answer(hub: HubServer, request: IncomingMessage, response: ServerResponse): unknown {
  const url = new URL(request.url!, hub.endpoint);
  const path = url.pathname;
  hub.requests.push({ path: decodeURIComponent(path), headers: request.headers });
  const lfs = /^\/lfs\/([0-9a-f]{64})$/.exec(path);
  if (lfs) {
    const bodies = Object.values(hub.repositories)
      .flatMap(Object.values)
      .flatMap((files: Readonly<Record<string, HubServerFile>>) => Object.values(files));
    const found = bodies.find(({ body, isLfs }) => isLfs && lfsHash(body) === lfs[1]);
    return found ? hub.habit(request, response, found.body, url) : fail(response, 404, 'EntryNotFound');
  }
  if (hub.token !== undefined && request.headers.authorization !== `Bearer ${hub.token}`) {
    return fail(response, 401, 'RepoNotFound');
  }
  // A slash in a revision is encoded.
  const parts = (found: RegExpExecArray | null) => found?.slice(1).map(decodeURIComponent);
  const info = parts(/^\/api\/models\/([^/]+\/[^/]+)\/(revision|tree)\/([^/]+)\/?(.*)$/.exec(path));
  const file = parts(/^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path));
  const [name = '', revision = ''] = info ? [info[0], info[2]] : (file ?? []);
  const branches = hub.repositories[name];
  if (!branches) return fail(response, 404, 'RepoNotFound');
  const files = branches[revision] ?? Object.values(branches).find((each) => commitOf(each) === revision);
  if (!files) return fail(response, 404, 'RevisionNotFound');
  if (info?.[1] === 'revision') return json(response, { _id: '1', id: name, sha: commitOf(files) });
  if (info) return json(response, listed(files, info[3]!));
  const found = files[file![2]!];
  if (!found) return fail(response, 404, 'EntryNotFound');
  response.setHeader('x-repo-commit', commitOf(files));
  response.setHeader('etag', `"${gitHash(found.body)}"`);
  if (!found.isLfs) return hub.habit(request, response, found.body, url);
  const sha256 = lfsHash(found.body);
  response.writeHead(302, {
    location: `/lfs/${sha256}`,
    'x-linked-etag': `"${sha256}"`,
    'x-linked-size': found.body.length,
  });
  return response.end();
}

function listed(files: Readonly<Record<string, HubServerFile>>, below: string): object[] {
  return Object.entries(files).flatMap(([path, { body, isLfs }]) => {
    if (below !== '' && !path.startsWith(`${below}/`)) return [];
    const size = body.length;
    const lfs = isLfs ? { lfs: { oid: lfsHash(body), size, pointerSize: 130 } } : {};
    return [{ type: 'file', path, size, oid: gitHash(body), ...lfs }];
  });
}

function json(response: ServerResponse, value: unknown): unknown {
  return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function fail(response: ServerResponse, status: number, code: string): unknown {
  response.writeHead(status, { 'x-error-code': code, 'content-type': 'application/json' });
  return response.end(JSON.stringify({ error: code }));
}
