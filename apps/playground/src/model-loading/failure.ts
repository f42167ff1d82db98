import { TesseraError } from '@tessera/core';
import { OwnCodeError } from '../own-policy/own-code-error.js';

/** Something that went wrong, for people. */
export interface Failure {
  /** What happened, in a sentence. */
  readonly sentence: string;
  /** What to do about it, in a sentence. */
  readonly advice: string;
  /** The error's own words, for those who want to know. */
  readonly detail: string;
}

/** Describes an error for people; undefined where it is shown elsewhere. */
export type DescribeFailure = (error: unknown) => Failure | undefined;

type Words = Omit<Failure, 'detail'>;

/** Not for the user to prevent: the page asked its model for what it should not. */
const FAULT: Words = {
  sentence: 'The page and its model don’t fit together.',
  advice: 'Reload the page; if it stays so, tell whoever serves it.',
};

const BY_CODE: Readonly<Record<string, Words>> = {
  'model-file': {
    sentence: 'A file of the model could not be loaded.',
    advice: 'Look at your connection and load again: it goes on where it stopped.',
  },
  'runtime-file': {
    sentence: 'A file of ONNX Runtime is missing from this site.',
    advice: 'Reload the page; if it stays so, tell whoever serves it.',
  },
  manifest: {
    sentence: 'The description of the model can’t be read.',
    advice: 'Reload the page; if it stays so, tell whoever serves it.',
  },
  'insecure-context': {
    sentence: 'This page was not served over https, so the model’s files can’t be checked.',
    advice: 'Open it over https, or from localhost.',
  },
  'device-unavailable': {
    sentence: 'This browser can’t use the device that you chose.',
    advice: 'Choose “Automatic” or “WebAssembly” under Device.',
  },
  'device-lost': {
    sentence: 'The graphics card was taken away, by the system or by a driver that restarted.',
    advice: 'Begin again: the model is loaded anew. Choose WebAssembly under Device if it happens often.',
  },
  'worker-ended': {
    sentence: 'The model’s worker ended, most likely because memory ran out.',
    advice: 'Close other pages, then begin again: the model is loaded anew.',
  },
  memory: {
    sentence: 'The model is too large for this browser’s memory.',
    advice: 'Load a smaller one, or one that was converted with int8.',
  },
  'queue-full': {
    sentence: 'Too many pictures wait for the model already.',
    advice: 'Begin again once some of them are done.',
  },
  'model-disposed': {
    sentence: 'The model was given up while it was in use.',
    advice: 'Begin again: it is loaded anew.',
  },
  'non-finite': {
    sentence: 'The device computed something that is not a number.',
    advice: 'Choose WebAssembly under Device.',
  },
  recipe: {
    sentence: 'There is no recipe in this file.',
    advice: 'Open a recipe.json, or a picture that was drawn here or on the command line.',
  },
  'text-encoding': {
    sentence: 'This file is not text in UTF-8 or UTF-16.',
    advice: 'Save it as UTF-8, then open it again.',
  },
  'png-file': {
    sentence: 'This picture was not drawn here or on the command line.',
    advice: 'Open a picture that was, or a recipe.json.',
  },
  'beyond-this-page': {
    sentence: 'This recipe asks for more than can be set here.',
    advice: 'Draw it on the command line: tessera generate --recipe FILE.',
  },
  'damaged-link': {
    sentence: 'The policy in this link can’t be read.',
    advice: 'It is damaged or cut short, or made for another version of this page: ask for it again.',
  },
  'unreadable-picture': {
    sentence: 'This file is no picture that the browser can read.',
    advice: 'Take a PNG, JPEG or WebP.',
  },
  'invalid-option': {
    sentence: 'An option has a value that it can’t take.',
    advice: 'Set it to another value; below is which one.',
  },
  aborted: {
    sentence: 'It was stopped.',
    advice: 'Begin again when you like.',
  },
  tokenizer: {
    sentence: 'The model’s tokenizer can’t be read.',
    advice: 'Load the model again; if it fails again, its folder is damaged.',
  },
  'reuse-unsupported': {
    sentence: 'This model can’t reuse what earlier steps computed.',
    advice: 'Set LazyMAR’s reuse to off, or take a model that was converted with --cached.',
  },
  'shape-mismatch': FAULT,
  'missing-component': FAULT,
  'head-not-evaluable': FAULT,
  'unknown-call': FAULT,
  'unsupported-prediction': FAULT,
  'reference-sample': FAULT,
  'no-stream': FAULT,
  'conditions-released': FAULT,
  'conditions-unguided': FAULT,
  'foreign-conditions': FAULT,
  cancelled: FAULT,
  'invalid-plan': {
    sentence: 'The policy made a plan that can’t be carried out.',
    advice: 'Check it under “Write a policy”, which says what is wrong.',
  },
};

/** An error as a sentence with what to do. */
export function failureOf(error: unknown, online = true): Failure {
  const detail = error instanceof Error ? error.message : String(error);
  if (error instanceof OwnCodeError) return { ...ownFailure(error), detail };
  const code = TesseraError.isInstance(error) ? error.code : '';
  if (!online && ['model-file', 'runtime-file', 'worker-ended', ''].includes(code)) {
    return {
      sentence: 'There is no network, and the files are not all here yet.',
      advice: 'Connect once; after that the page works without.',
      detail,
    };
  }
  const words = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
  return { ...(words ?? unknownFailure(detail)), detail };
}

function ownFailure({ message, line }: OwnCodeError): Words {
  const place = line === undefined ? '' : ` in line ${line}`;
  return {
    sentence: `The policy failed${place}: ${message.replace(/\.?$/, '.')}`,
    advice: 'Change it under “Write a policy”.',
  };
}

function unknownFailure(detail: string): Words {
  if (/memory|allocation/i.test(detail)) {
    return {
      sentence: 'There was not enough memory.',
      advice: 'Close other pages, then reload this one.',
    };
  }
  return {
    sentence: 'Something went wrong that was not foreseen.',
    advice: 'Reload the page and try again.',
  };
}
