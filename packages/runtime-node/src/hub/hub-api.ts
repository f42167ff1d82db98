import { formatHubSource, type HubSource, isHtml } from '@tessera/format';
import { type HttpOptions, type ListedFile, ModelFileError, readText, requestFile } from '@tessera/onnx';

/** A file in a repository. */
export interface HubFile extends ListedFile {
  /** Its path in the repository. */
  readonly path: string;
  /** The SHA-256 where the hub stores it by LFS, else git's SHA-1. */
  readonly sha256: string;
  /** What the hub's cache calls it. */
  readonly etag: string;
}

export interface HubApiOptions extends HttpOptions {
  readonly endpoint: string;
}

/** Loaded when it is first needed: most models are folders. */
const library = () => import('@huggingface/hub');

/** The commit that a revision stands for. @throws ModelFileError */
export async function hubCommit(source: HubSource, options: HubApiOptions): Promise<string> {
  const { modelInfo } = await library();
  const { sha } = await modelInfo({
    name: source.repository,
    revision: source.revision,
    additionalFields: ['sha'],
    hubUrl: options.endpoint,
    fetch: fetchFor(source, options),
  });
  return sha;
}

/**
 * The files below `path` of a commit.
 *
 * @param path of a folder, empty for the whole repository
 */
export async function listHubFiles(
  source: HubSource,
  commit: string,
  path: string,
  options: HubApiOptions,
): Promise<readonly HubFile[]> {
  const { listFiles } = await library();
  const files: HubFile[] = [];
  const entries = listFiles({
    repo: source.repository,
    revision: commit,
    recursive: true,
    path: path.split('/').map(encodeURIComponent).join('/'),
    hubUrl: options.endpoint,
    fetch: fetchFor(source, options),
  });
  for await (const { type, path: file, size, oid = '', lfs, xetHash } of entries) {
    // Paths become those of files on the disk.
    if (type !== 'file' || /(^|[/\\])\.\.([/\\]|$)|^[/\\]|\\/.test(file)) continue;
    files.push({
      path: file,
      bytes: lfs?.size ?? size,
      sha256: lfs?.oid ?? oid,
      etag: lfs?.oid ?? xetHash ?? oid,
    });
  }
  return files;
}

/** Requests with our retries, limits and messages, as the library takes them. */
function fetchFor(source: HubSource, options: HubApiOptions): typeof fetch {
  return async (input) => {
    const url = String(input);
    const { response } = await requestFile(url, {
      ...options,
      explain: (answer) => explainAnswer(answer, source, options),
    });
    const text = await readText(url, response, options);
    if (isHtml(new TextEncoder().encode(text.slice(0, 200))) || !/^\s*[[{]/.test(text)) {
      throw new ModelFileError(
        url,
        'what answers is no hub, but a page: that of a login, or of a site. Check the network and HF_ENDPOINT.',
      );
    }
    return new Response(text, { headers: response.headers });
  };
}

/** What an error of the hub's means. */
export function explainAnswer(
  { status, headers }: Response,
  source: HubSource,
  { endpoint }: HubApiOptions,
): string | undefined {
  const { repository, revision } = source;
  const code = headers.get('x-error-code');
  if (code === 'GatedRepo') {
    return `: access to ${repository} has to be granted. Ask for it on ${endpoint}/${repository}, and set HF_TOKEN to your token.`;
  }
  if (code === 'RevisionNotFound')
    return `: ${repository} has no revision ${revision}. Name a branch, a tag or a commit.`;
  if (code === 'EntryNotFound')
    return `: there is no ${formatHubSource(source)}. Check the path on ${endpoint}/${repository}.`;
  if ([401, 403, 404].includes(status)) {
    return `: the hub has no ${repository}${revision === 'main' ? '' : ` at ${revision}`}, or it is private. Check the name, or set HF_TOKEN to a token that may read it.`;
  }
  return undefined;
}
