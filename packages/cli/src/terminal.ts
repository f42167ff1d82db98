import type { AddHelpTextContext } from 'commander';

/** The part of a writable stream that is used here. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Text styles of a terminal; without effect elsewhere. */
export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  green(text: string): string;
  red(text: string): string;
}

/** Styles where the stream is a terminal and NO_COLOR is not set. */
export function styleFor(stream: OutputStream, env: Environment): Style {
  const coloured = stream.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  const code = (open: number, close: number) => (text: string) =>
    coloured ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return { bold: code(1, 22), dim: code(2, 22), green: code(32, 39), red: code(31, 39) };
}

/** A text as lines of at most `width` characters, broken between words. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}

/**
 * A text behind a command's help, for any width: paragraphs are broken anew, and what stands in columns continues in its
 * last column.
 */
export function wrappedHelp(text: string): (context: AddHelpTextContext) => string {
  return ({ command, error }) => {
    const { getErrHelpWidth, getOutHelpWidth } = command.configureOutput();
    const width = (error ? getErrHelpWidth : getOutHelpWidth)?.() ?? 80;
    const reflowed = text.split('\n\n').map((paragraph) => {
      if (!/^ /m.test(paragraph)) return wrapped(paragraph, width).join('\n');
      return paragraph.split('\n').flatMap((line) => wrappedLine(line, width));
    });
    return `\n${reflowed.map((part) => (typeof part === 'string' ? part : part.join('\n'))).join('\n\n')}`;
  };
}

function wrappedLine(line: string, width: number): string[] {
  if (line.length <= width) return [line];
  const [start = ''] = /^ *(\S+( \S+)* {2,})?/.exec(line) ?? [];
  const rest = line.slice(start.length);
  const isBeside = width - start.length >= 30;
  const indent = ' '.repeat(isBeside ? start.length : 6);
  const lines = wrapped(rest, width - indent.length).map((part) => indent + part);
  return isBeside ? [start + lines[0]!.trimStart(), ...lines.slice(1)] : [start.trimEnd(), ...lines];
}
