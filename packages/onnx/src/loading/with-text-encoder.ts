import { InvalidOptionError, type ModelInput } from '@tessera/core';
import { proxyModel, type TextEncoder, type TextFeatures } from '@tessera/core/model';
import { PromptStore } from '../text/prompt-store.js';
import type { LoadedModel } from './load-in-worker.js';

/**
 * A model whose prompts become features by a text encoder of one's own, such as one of another library, or features made
 * beforehand. The caller disposes of the text encoder.
 *
 * @param model takes text
 * @throws InvalidOptionError where it takes classes, or where the encoder's rows don't fit it
 * @example
 * const model = withTextEncoder(await loadModel('models/nitro-ar'), await readFeatures('features'));
 */
export function withTextEncoder<Model extends LoadedModel>(model: Model, textEncoder: TextEncoder): Model {
  const { name, condition, family, variants } = model.manifest;
  const refuse = (given: unknown, expectation: string): InvalidOptionError =>
    new InvalidOptionError('textEncoder', given, expectation);
  if (condition.kind !== 'text') throw refuse(name, 'must be left out: the model takes classes');
  for (const size of ['width', 'length'] as const) {
    const [given, expected] = [textEncoder[size], condition[size]];
    if (given !== expected) {
      const unit = size === 'width' ? 'channels a row' : 'rows a prompt';
      throw refuse(`${given} ${unit}`, `must give ${expected}, which the model "${name}" takes`);
    }
  }
  // Of a family whose null text is the empty prompt, and that has not stored it.
  const needsNullText = family === 'nitro' && !variants.some(({ components }) => components.nullText);
  const store = new PromptStore<TextFeatures>();
  return proxyModel<LoadedModel, Partial<LoadedModel>>(model, {
    unknownWords: async (prompt) => (await textEncoder.unknownWords?.(prompt)) ?? [],
    async condition({ batch, signal }) {
      const textsOf = (input: ModelInput) => {
        if (!('prompt' in input)) return input;
        const { negativePrompt = needsNullText ? '' : undefined, ...rest } = input;
        const prompt = rest.prompt === null && needsNullText ? '' : rest.prompt;
        return { prompt, ...(negativePrompt === undefined ? {} : { negativePrompt }) };
      };
      const images = batch.map((image) => ({ ...image, input: textsOf(image.input) }));
      const given = images.flatMap(({ input }) => ('prompt' in input ? Object.values(input) : []));
      const prompts = [...new Set(given.filter((text) => typeof text === 'string'))];
      const unknown = prompts.filter((prompt) => !store.has(prompt));
      const encoded = unknown.length > 0 ? await textEncoder.encode(unknown, signal ? { signal } : {}) : [];
      const features = new Map<string, TextFeatures>();
      for (const prompt of prompts) {
        const made = async () => encoded[unknown.indexOf(prompt)]!;
        features.set(prompt, await store.get(prompt, made));
      }
      store.trim(prompts.length);
      const ready = images.map((image) => {
        const entries = Object.entries(image.input).map(([key, text]) => [
          key,
          typeof text === 'string' ? features.get(text)! : text,
        ]);
        return { ...image, input: Object.fromEntries(entries) as ModelInput };
      });
      return model.condition({ batch: ready, ...(signal ? { signal } : {}) });
    },
  }) as Model;
}
