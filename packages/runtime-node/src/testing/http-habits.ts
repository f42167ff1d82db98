import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

/** What a server that was asked for a file does. */
export type HttpHabit = (
  request: IncomingMessage,
  response: ServerResponse,
  body: Buffer,
  url: URL,
) => unknown;

/** From which size on a file is broken off. */
const LARGE = 50_000;

const rangeFrom = (from: number, body: Buffer) => ({
  'content-range': `bytes ${from}-${body.length - 1}/${body.length}`,
});

/** Where a request begins; undefined where it asks for the whole file. */
function asked({ headers }: IncomingMessage): number | undefined {
  const [, from] = /bytes=(\d+)-/.exec(headers.range ?? '') ?? [];
  return from === undefined ? undefined : Number(from);
}

/** Sends a file as a well-made server does: from the byte that is asked for. */
export const plainly: HttpHabit = (request, response, body) => {
  const from = asked(request);
  if (from === undefined) response.writeHead(200, { 'content-length': body.length }).end(body);
  else response.writeHead(206, rangeFrom(from, body)).end(body.subarray(from));
};

/** Breaks a large file off in the middle once, and then answers requests that resume by `then`. */
export function breakOffOnce(
  then: (response: ServerResponse, body: Buffer, from: number) => unknown,
): HttpHabit {
  const broken = new Set<string>();
  return (request, response, body, { pathname }) => {
    const from = asked(request);
    if (from !== undefined) return then(response, body, from);
    if (body.length < LARGE || broken.has(pathname)) return response.end(body);
    broken.add(pathname);
    response.writeHead(200, { 'content-length': body.length });
    response.write(body.subarray(0, body.length >> 1), () => setTimeout(() => response.destroy(), 20));
  };
}

/** Answers the first request for each file otherwise. */
function atFirst(answer: (response: ServerResponse, body: Buffer) => unknown): HttpHabit {
  const seen = new Set<string>();
  return (request, response, body, url) => {
    if (seen.has(url.pathname)) return plainly(request, response, body, url);
    seen.add(url.pathname);
    answer(response, body);
  };
}

/** Ways to answer a request that resumes, and how many requests bring the rest. */
const RESUMED: Readonly<Record<string, readonly [Parameters<typeof breakOffOnce>[0], requests: number]>> = {
  'sends what is lacking': [
    (response, body, from) => response.writeHead(206, rangeFrom(from, body)).end(body.subarray(from)),
    1,
  ],
  'knows no ranges and sends all': [(response, body) => response.writeHead(200).end(body), 1],
  'sends what is lacking under status 200': [
    (response, body, from) => response.writeHead(200, rangeFrom(from, body)).end(body.subarray(from)),
    1,
  ],
  'begins at an earlier byte': [
    (response, body, from) =>
      response.writeHead(206, rangeFrom(from - 1000, body)).end(body.subarray(from - 1000)),
    1,
  ],
  'does not say where it begins': [
    (response, body, from) => response.writeHead(206).end(body.subarray(from)),
    1,
  ],
  'compresses what is lacking': [
    (response, body, from) =>
      response
        .writeHead(206, { 'content-encoding': 'gzip', ...rangeFrom(from, body) })
        .end(gzipSync(body.subarray(from))),
    1,
  ],
  'answers 416': [
    (response, body) => response.writeHead(416, { 'content-range': `bytes */${body.length}` }).end(),
    2,
  ],
  'sends parts of a multipart message': [
    (response, body, from) =>
      response
        .writeHead(206, { 'content-type': 'multipart/byteranges; boundary=x' })
        .end(
          Buffer.concat([
            Buffer.from(`--x\r\nContent-Range: bytes ${from}-${body.length - 1}/${body.length}\r\n\r\n`),
            body.subarray(from),
            Buffer.from('\r\n--x--\r\n'),
          ]),
        ),
    2,
  ],
  'begins at a later byte': [
    (response, body, from) =>
      response.writeHead(206, rangeFrom(from + 10, body)).end(body.subarray(from + 10)),
    2,
  ],
  'sends less than is lacking': [
    (response, body, from) => response.writeHead(206).end(body.subarray(from + 10)),
    2,
  ],
};

/** A server that breaks a file off, by what it does when it is asked for the rest. */
export const RESUMING_HABITS: readonly (readonly [name: string, habit: () => HttpHabit, requests: number])[] =
  Object.entries(RESUMED).map(([name, [then, requests]]) => [name, () => breakOffOnce(then), requests]);

/** Servers from which a file arrives all the same. */
export const HARMLESS_HABITS: readonly (readonly [name: string, habit: () => HttpHabit])[] = [
  ['sends a file plainly', () => plainly],
  [
    'compresses',
    () => (_, response, body) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body)),
  ],
  [
    'redirects, by relative and absolute addresses',
    () => (request, response, body, url) => {
      const { pathname, searchParams } = url;
      const hop = searchParams.get('hop');
      if (hop === null) response.writeHead(302, { location: `${pathname}?hop=1` }).end();
      else if (hop === '1') {
        response.writeHead(307, { location: `http://${request.headers.host}${pathname}?hop=2` }).end();
      } else plainly(request, response, body, url);
    },
  ],
  ['fails once', () => atFirst((response) => response.writeHead(503).end())],
  [
    'is busy once, and says for how long',
    () => atFirst((response) => response.writeHead(429, { 'retry-after': '0' }).end('slow down')),
  ],
  ['closes the connection once, before it answers', () => atFirst((response) => response.destroy())],
];

/** Servers that send something else than a file, and what is said of it. */
export const FOREIGN_HABITS: readonly (readonly [name: string, habit: HttpHabit, message: RegExp])[] = [
  [
    'has Git LFS pointers in place of files',
    (_, response, body) =>
      response.end(
        `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize ${body.length}\n`,
      ),
    /Git LFS pointer.*git lfs pull/,
  ],
  [
    'has an HTML page in place of files',
    (_, response) => response.end('\ufeff<!-- x -->\n<html></html>'),
    /this is an HTML page.*Check the address/,
  ],
  [
    'sends a part of a file, though nobody asked for one',
    (_, response, body) => response.writeHead(206, rangeFrom(10, body)).end(body.subarray(10)),
    /sends a part of the file/,
  ],
  ['sends nothing', (_, response) => response.writeHead(204).end(), /answered 204/],
  [
    'sends a byte too many',
    (_, response, body) => response.end(Buffer.concat([body, Buffer.from('x')])),
    /has more than the \d+ bytes/,
  ],
  [
    'redirects in a circle',
    (_, response, _body, { pathname }) => response.writeHead(302, { location: pathname }).end(),
    /redirects in a circle/,
  ],
];
