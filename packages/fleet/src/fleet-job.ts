import { parseDocument, parseRecipe } from '@tessera/format';
import * as v from 'valibot';
import { FleetError } from './fleet-error.js';
import type { ShardJob } from './shard-job.js';

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** A folder's name: it comes from the queue, and workers write there. */
const NAME = /^[A-Za-z0-9][\w.-]{0,99}$/;

const schema = v.strictObject({
  format: v.literal('tessera-job'),
  version: v.literal(1),
  name: v.pipe(v.string(), v.regex(NAME)),
  priority: whole,
  recipe: v.unknown(),
  from: whole,
  to: whole,
  of: v.pipe(whole, v.minValue(1)),
  prompts: v.exactOptional(v.pipe(v.array(v.pipe(v.string(), v.minLength(1))), v.minLength(1))),
  negativePrompt: v.exactOptional(v.string()),
});

/** A job, and the name of the folder that its shards go to. */
export interface NamedJob extends ShardJob {
  readonly name: string;
}

/** A job as the queue has it. */
export interface FleetJob extends NamedJob {
  readonly priority: number;
}

/** @throws FleetError unless a folder can have this name */
export function assertJobName(name: string): void {
  if (NAME.test(name)) return;
  throw new FleetError(`A job can't be called "${name}". Take up to 100 letters, digits, "-", "_" and ".".`);
}

/** The job as plain data. */
export function writeFleetJob({ recipe, ...job }: FleetJob): object {
  return { format: 'tessera-job', version: 1, ...job, recipe: { ...recipe, images: [] } };
}

/** @throws FleetError, RecipeError for what isn't one */
export function readFleetJob(data: unknown): FleetJob {
  const where = 'A job of the queue';
  const {
    format: _,
    version: __,
    recipe,
    ...rest
  } = parseDocument(
    JSON.stringify(data),
    schema,
    (problems, options) => new FleetError(`${where} can't be read:\n${problems.join('\n')}`, options),
    { format: 'tessera-job', version: 1 },
  );
  const { images: ___, ...parts } = parseRecipe(JSON.stringify(recipe), where);
  return { ...rest, recipe: parts };
}
