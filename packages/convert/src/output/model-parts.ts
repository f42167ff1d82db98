/** The parts of a model whose weights may be stored differently. */
export const MODEL_PARTS = ['transformer', 'head', 'autoencoder'] as const;
export type ModelPart = (typeof MODEL_PARTS)[number];

const PARTS: Readonly<Record<string, ModelPart>> = {
  embed: 'head',
  project: 'head',
  modulate: 'head',
  denoise: 'head',
  chain: 'head',
  'modulate-cached': 'head',
  'denoise-outer': 'head',
  'denoise-cached': 'head',
  decoder: 'autoencoder',
  encoder: 'autoencoder',
};

/** The part that a graph belongs to, by its name. */
export function partOf(graph: string): ModelPart {
  return PARTS[graph] ?? 'transformer';
}
