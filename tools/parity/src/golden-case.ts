import { join } from 'node:path';
import type { Check } from './compare.js';
import type { ConvertedAutoencoder, ConvertedMar, MarForm, OpenSession } from './converted-models.js';
import { type GoldenTensors, readTensors } from './golden-files.js';
import { type JsonFields, readJsonFields } from './json-fields.js';

/** Replays one recorded case; an error fails the case. */
export type CaseReplay = (golden: GoldenCase) => Promise<readonly Check[]>;

/** A recorded case: its parameters, its directory's files and the converted model that they were recorded of. */
export interface GoldenCase {
  readonly fields: JsonFields;
  /** Where a file of the case's directory lies. */
  path(file: string): string;
  /** A recorded file of the case's directory. */
  tensors(file: string): Promise<GoldenTensors>;
  /** A JSON file of the case's directory. */
  json(file: string): Promise<JsonFields>;
  /** The directory's MAR model; for a case outside a model's directory, the first one of the set. */
  mar(form?: MarForm): Promise<ConvertedMar>;
  /** The directory's autoencoder. */
  autoencoder(): Promise<ConvertedAutoencoder>;
  /** Opens a graph that the case alone has. */
  readonly openSession: OpenSession;
  /** The same case with the files and the model of a directory beside its own. */
  beside(directory: string): GoldenCase;
}

export function goldenCase(
  fields: JsonFields,
  directory: string,
  models: (directory: string) => Pick<GoldenCase, 'mar' | 'autoencoder' | 'openSession'>,
): GoldenCase {
  return {
    fields,
    path: (file) => join(directory, file),
    tensors: (file) => readTensors(join(directory, file)),
    json: (file) => readJsonFields(join(directory, file)),
    beside: (name) => goldenCase(fields, join(directory, '..', name), models),
    ...models(directory),
  };
}
