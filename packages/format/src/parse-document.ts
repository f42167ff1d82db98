import * as v from 'valibot';

/** What is wrong with a document, a line each. */
export type Problems = (problems: readonly string[], options?: { cause: unknown }) => Error;

/**
 * Reads JSON of a schema.
 *
 * @param json its text; a byte order mark before it is passed over
 * @param fail makes the error of everything that is wrong with it
 * @param options.format the document's own, and the highest `version` of it that is known: a newer one is told as such
 * @param options.unknown what is said of a key that the schema does not have
 * @throws what `fail` makes
 */
export function parseDocument<Output>(
  json: string,
  schema: v.GenericSchema<unknown, Output>,
  fail: Problems,
  options: { readonly format?: string; readonly version?: number; readonly unknown?: string } = {},
): Output {
  let value: unknown;
  try {
    value = JSON.parse(json.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw fail([`not JSON: ${cause instanceof Error ? cause.message : String(cause)}`], { cause });
  }
  const { format, version = 0, unknown } = options;
  const found = value as { format?: unknown; version?: unknown } | null;
  if (format !== undefined && found?.format === format && Number(found.version) > version) {
    const known = version === 1 ? 'version 1' : `versions up to ${version}`;
    throw fail([
      `its version is ${found.version}, and this package knows ${known}. Update the @tessera packages`,
    ]);
  }
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw fail(
    result.issues.map((issue) => {
      const problem = unknown !== undefined && issue.expected === 'never' ? unknown : issue.message;
      return `${v.getDotPath(issue) ?? 'as a whole'}: ${problem}`;
    }),
  );
}
