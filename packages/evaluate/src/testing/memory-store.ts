import type { DrawnPicture, EvaluationStore, MeasuredPicture, VariantIdentity } from '../evaluation-store.js';

/** A store in memory that also tells in which order it was used. */
export interface MemoryStore extends EvaluationStore {
  /** An variant's name and the pictures' indices, batch by batch. */
  readonly saved: { readonly arm: string; readonly indices: readonly number[] }[];
}

/** @param onSave called after every batch, e.g. to stop the evaluation */
export function memoryStore(onSave: (batches: number) => void = () => {}): MemoryStore {
  const kept = new Map<string, MeasuredPicture[]>();
  const saved: MemoryStore['saved'] = [];
  return {
    saved,
    async load({ name }: VariantIdentity) {
      return kept.get(name) ?? [];
    },
    async save({ name }: VariantIdentity, pictures: readonly DrawnPicture[]) {
      kept.set(name, [...(kept.get(name) ?? []), ...pictures]);
      saved.push({ arm: name, indices: pictures.map(({ index }) => index) });
      onSave(saved.length);
    },
  };
}
