import { build } from 'vite';

/** A module with all that it imports as the text of one classic script. */
export async function bundledScript(entry: string, define: Record<string, string> = {}): Promise<string> {
  const result = await build({
    configFile: false,
    logLevel: 'error',
    define,
    build: { write: false, target: 'es2022', lib: { entry, formats: ['iife'], name: 'bundled' } },
  });
  const chunk = [result]
    .flat()
    .flatMap((each) => ('output' in each ? each.output : []))
    .find((each) => each.type === 'chunk');
  if (!chunk) throw new Error(`${entry} was not built.`);
  return chunk.code;
}
