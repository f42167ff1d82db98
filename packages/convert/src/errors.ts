import { TesseraError } from '@tessera/core';

/**
 * What is wrong with a checkpoint: it is no checkpoint or one that can't be read (`other-format`), one of something else
 * (`other-model`), it ends too early
 * (`truncated`), its safetensors header makes no sense (`header` to `duplicate`), its ZIP archive or its legacy layout
 * doesn't fit the file (`container`), its pickle is damaged (`pickle`), names code that no checkpoint needs (`global`) or
 * is larger than one of weights is (`limit`), a tensor doesn't fit its bytes (`storage`), it has something that no weights
 * have (`unsupported`), or no tensor at all (`empty`), or a part of it is missing (`shards`).
 */
export type CheckpointProblem =
  | 'other-format'
  | 'other-model'
  | 'truncated'
  | 'header'
  | 'dtype'
  | 'shape'
  | 'offsets'
  | 'overlap'
  | 'duplicate'
  | 'container'
  | 'pickle'
  | 'global'
  | 'limit'
  | 'storage'
  | 'unsupported'
  | 'empty'
  | 'shards';

/** A checkpoint can't be opened: it is missing, not to be read, or out of reach. */
export class CheckpointFileError extends TesseraError {
  static override readonly code = 'checkpoint-file';
  readonly path: string;

  constructor(path: string, problem: string, options?: { cause?: unknown }) {
    super(CheckpointFileError.code, `${path} can't be opened: ${problem}. Check the path.`, options);
    this.path = path;
  }
}

/** A file is not the checkpoint it should be. */
export class CheckpointFormatError extends TesseraError {
  static override readonly code = 'checkpoint-format';
  readonly path: string;
  readonly problem: CheckpointProblem;

  constructor(path: string, problem: CheckpointProblem, detail: string, options?: { cause?: unknown }) {
    super(CheckpointFormatError.code, `${path} can't be read: ${detail}.`, options);
    this.path = path;
    this.problem = problem;
  }
}

/** A tensor was asked for by a name that the file doesn't hold, or in a type that it can't be read as. */
export class TensorAccessError extends TesseraError {
  static override readonly code = 'tensor-access';
  readonly tensor: string;

  constructor(path: string, tensor: string, problem: string) {
    super(TensorAccessError.code, `${path}: tensor "${tensor}" ${problem}.`);
    this.tensor = tensor;
  }
}

/** A checkpoint's tensor whose shape is not the one that the configuration asks for. */
export interface MisshapenKey {
  readonly key: string;
  readonly expected: readonly number[];
  readonly actual: readonly number[];
}

/** All differences between a checkpoint's keys and those of the model that its configuration describes. */
export class CheckpointKeysError extends TesseraError {
  static override readonly code = 'checkpoint-keys';
  readonly path: string;
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  readonly misshapen: readonly MisshapenKey[];

  constructor(
    path: string,
    differences: {
      missing: readonly string[];
      unexpected: readonly string[];
      misshapen: readonly MisshapenKey[];
    },
  ) {
    const { missing, unexpected, misshapen } = differences;
    const section = (title: string, lines: readonly string[]): string =>
      lines.length === 0
        ? ''
        : `\n${title} (${lines.length}):\n${lines.map((line) => `  ${line}`).join('\n')}`;
    super(
      CheckpointKeysError.code,
      `The tensors of ${path} don't fit the model's configuration. Correct the configuration, or take another checkpoint.` +
        section('missing', missing) +
        section('unexpected', unexpected) +
        section(
          'wrong shape',
          misshapen.map(
            ({ key, expected, actual }) =>
              `${key}: expected [${expected.map((extent) => (Number.isNaN(extent) ? '?' : extent)).join(', ')}], got [${actual.join(', ')}]`,
          ),
        ),
    );
    this.path = path;
    this.missing = missing;
    this.unexpected = unexpected;
    this.misshapen = misshapen;
  }
}

/** A tensor that no model can use. */
export interface UnusableTensor {
  /** Its name in the file, in full. */
  readonly tensor: string;
  readonly problem: 'nan' | 'infinity' | 'zero';
  /** Where its first such value is, an index an axis; empty for a tensor of zeros. */
  readonly at: readonly number[];
}

const PROBLEM_WORDS = { nan: 'holds NaN', infinity: 'holds infinity', zero: 'is all zeros' } as const;

/** Tensors of a checkpoint hold NaN or infinity, or nothing but zeros. */
export class CheckpointValuesError extends TesseraError {
  static override readonly code = 'checkpoint-values';
  readonly path: string;
  readonly tensors: readonly UnusableTensor[];

  constructor(path: string, tensors: readonly UnusableTensor[]) {
    const lines = tensors.map(({ tensor, problem, at }) => {
      const place = at.length > 0 ? `, first at [${at.join(', ')}]` : '';
      return `  ${tensor} ${PROBLEM_WORDS[problem]}${place}`;
    });
    super(
      CheckpointValuesError.code,
      `${path} has tensors that no model can use, so nothing was written:\n${lines.join('\n')}\n` +
        'The training went wrong, or the file was damaged. Take an earlier checkpoint' +
        (tensors.every(({ problem }) => problem === 'zero')
          ? ', or set weights to take zeros on purpose.'
          : '.'),
    );
    this.path = path;
    this.tensors = tensors;
  }
}

/** The folder to write exists already. */
export class OutputExistsError extends TesseraError {
  static override readonly code = 'output-exists';
  readonly path: string;

  constructor(path: string) {
    super(
      OutputExistsError.code,
      `${path} exists already. Name another folder, or allow it to be replaced (--overwrite).`,
    );
    this.path = path;
  }
}

/** No folder can be made where the output is to be written. */
export class OutputFolderError extends TesseraError {
  static override readonly code = 'output-folder';
  readonly path: string;

  constructor(path: string, problem: string, options?: { cause?: unknown }) {
    super(OutputFolderError.code, `${path} can't be made: ${problem}. Name another folder.`, options);
    this.path = path;
  }
}

/** By how much a graph's output differs from the forward pass, in root mean squares: of the difference ÷ of the pass. */
export interface ForwardCheck {
  readonly output: 'z' | 'denoised' | 'tokens' | 'image' | 'moments';
  readonly error: number;
  readonly allowed: number;
}

/** Graphs that were written compute something else than their checkpoint. */
export class ForwardCheckError extends TesseraError {
  static override readonly code = 'forward-check';
  readonly checks: readonly ForwardCheck[];

  constructor(checks: readonly ForwardCheck[]) {
    const off = checks.map(
      ({ output, error, allowed }) =>
        `  ${output} is off by ${(100 * error).toPrecision(2)} % where ${100 * allowed} % is allowed`,
    );
    super(
      ForwardCheckError.code,
      'The graphs that were written compute something else than the checkpoint, so nothing is left of them:\n' +
        `${off.join('\n')}\n` +
        'Check the numbers of heads in the configuration and convert again, with dtype fp32 to rule out rounding.',
    );
    this.checks = checks;
  }
}
