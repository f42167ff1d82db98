import { InvalidOptionError } from '@tessera/core';

/** Files or a folder in a repository of a hub that speaks the API of Hugging Face. */
export interface HubSource {
  readonly kind: 'hub';
  /** `owner/name`. */
  readonly repository: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
  /** Of a file or folder, with forward slashes; empty for the whole repository. */
  readonly path: string;
}

/** Where a model or a checkpoint is. */
export type ModelSource =
  | HubSource
  | { readonly kind: 'http'; readonly url: string }
  | { readonly kind: 'path'; readonly path: string };

/** The public hub. */
export const HUB_ENDPOINT = 'https://huggingface.co';

const SHORT =
  /^hf:(?:\/\/)?(?<repository>[^/@]+\/[^/@]+)(?:@(?<revision>refs\/(?:pr|convert)\/[^/]+|[^/]+))?(?:\/(?<path>.*))?$/i;
/** An address on the public hub's site, such as the one of a page that shows a file. */
const PAGE =
  /^https:\/\/(?:huggingface\.co|hf\.co)\/(?<repository>(?!api\/|datasets\/|spaces\/)[^/?#]+\/[^/?#]+)(?:\/(?:blob|resolve|raw|tree)\/(?<revision>refs\/(?:pr|convert)\/[^/?#]+|[^/?#]+)(?:\/(?<path>[^?#]*))?)?\/?(?:[?#].*)?$/i;

/** A name as the hub allows it. */
const NAME = /^[\w.-]{1,96}$/;

/**
 * Reads where a model or a checkpoint is: a path, an `http(s)://` address, or `hf:owner/name[@revision][/path]`. A slash in
 * a revision is written `%2F`. The address of a page on huggingface.co is read as `hf:` too.
 *
 * @throws InvalidOptionError where `hf:` is followed by something else
 * @example
 * parseModelSource('hf:owner/name@v1/mar-base.safetensors');
 * // { kind: 'hub', repository: 'owner/name', revision: 'v1', path: 'mar-base.safetensors' }
 */
export function parseModelSource(text: string): ModelSource {
  const isHub = /^hf:/i.test(text);
  const groups = (isHub ? SHORT : PAGE).exec(text)?.groups;
  if (groups) {
    const source = hubSource(groups, isHub ? (part) => part : decoded);
    if (source) return source;
  }
  if (isHub) {
    throw new InvalidOptionError(
      'model',
      text,
      'must be hf:owner/name, hf:owner/name/path or hf:owner/name@revision/path, such as hf:owner/name/mar-base.safetensors',
    );
  }
  if (/^https?:\/\//i.test(text)) return { kind: 'http', url: text };
  return { kind: 'path', path: text };
}

/** Undefined where a part is none that a hub has. */
function hubSource(
  { repository = '', revision = 'main', path = '' }: Record<string, string | undefined>,
  decode: (part: string) => string,
): HubSource | undefined {
  const plain = decode(path).replace(/\/+$/, '');
  const isPath = plain === '' || plain.split('/').every((part) => !['', '.', '..'].includes(part));
  if (!isPath || plain.includes('\\') || !repository.split('/').every((part) => NAME.test(part)))
    return undefined;
  return { kind: 'hub', repository, revision: revision.replace(/%2f/gi, '/'), path: plain };
}

/** Part of an address as it is meant, if it can be decoded. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** A source as text, as {@link parseModelSource} reads it. */
export function formatHubSource({ repository, revision, path }: Omit<HubSource, 'kind'>): string {
  const at = revision === 'main' ? '' : `@${revision.replaceAll('/', '%2F')}`;
  return `hf:${repository}${at}${path === '' ? '' : `/${path}`}`;
}

/** The address at which a hub serves a file, or, with a slash behind it, those of a folder. */
export function hubAddress(
  { repository, revision, path }: Omit<HubSource, 'kind'>,
  endpoint = HUB_ENDPOINT,
): string {
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  return `${endpoint.replace(/\/+$/, '')}/${repository}/resolve/${encodeURIComponent(revision)}/${encoded}`;
}

/**
 * The address of a model folder, as a browser loads it: of a hub, the one at which its files are served.
 *
 * @param text an address, also a relative one, or `hf:owner/name[@revision][/path]`
 * @throws InvalidOptionError for what is no source, and for a checkpoint
 */
export function folderAddress(text: string): string {
  const source = parseModelSource(text);
  if (isCheckpointName(source.kind === 'hub' ? source.path : text)) {
    throw new InvalidOptionError(
      'model',
      text,
      'must be a model folder in a browser. This is a checkpoint: tessera convert makes a folder of it, which a server or a hub can serve',
    );
  }
  const address = source.kind === 'hub' ? hubAddress(source) : text;
  return address.replace(/(^|\/)mar\.json(?=$|[?#])/, '$1');
}

/** Whether a file's name, or an address's, is that of a checkpoint, and not of a model folder. */
export function isCheckpointName(name: string): boolean {
  return /\.(safetensors|safetensors\.index\.json|pth|pt|ckpt)$/i.test(name.replace(/[?#].*$/, ''));
}
