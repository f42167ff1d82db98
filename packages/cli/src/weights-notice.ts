import type { Manifest } from '@tessera/format';

/**
 * A sentence for models whose pictures may be worse than published, because their weights aren't the averaged ones, or nothing
 * tells. Undefined for all others.
 */
export function weightsNotice({
  name,
  weights,
  family = 'mar',
}: Pick<Manifest, 'name' | 'weights' | 'family'>): string | undefined {
  if (family !== 'mar' || (weights !== 'raw' && weights !== 'unknown')) return undefined;
  const what =
    weights === 'raw'
      ? 'has the raw weights of its training'
      : 'has one copy of its weights, and nothing tells whether it is the raw or the averaged one';
  return (
    `Note: "${name}" ${what}. Models are judged by averaged weights (model_ema), which draw better pictures. The hub's copy of ` +
    "mar-base.safetensors is the raw one by a public audit (FID 5.56 instead of 2.31); the authors' .pth has both."
  );
}
