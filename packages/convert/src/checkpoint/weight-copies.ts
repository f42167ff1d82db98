/** Which of a model's weights: those of the last training step, or their running average. */
export type WeightsKind = 'raw' | 'averaged';

/** One copy of a model's weights in a checkpoint. */
export interface WeightsCopy {
  readonly kind: WeightsKind;
  /** What stands before its tensors' names in the file, such as `model_ema.`; often nothing. */
  readonly prefix: string;
  /** Names in the file by key of the published code. */
  readonly names: ReadonlyMap<string, string>;
  /** Whether it has every key of the raw copy, as the published code spells it. */
  readonly isWhole: boolean;
}

/** Prefixes that training code puts before a model's raw weights, best first. */
const RAW_PREFIXES = ['', 'model.', 'module.'];

/** A part of a prefix that stands for averaged weights: `ema`, `model_ema`, `ema_model`, `model_ema2`, `swa_model`, … */
const AVERAGED = /(^|[._-])(ema|swa|averaged?)\d*([._-]|$)/i;

/** Whether a file's name says that it holds averaged weights: `mar-base_ema.pth`, `ema.safetensors`, `model-ema.ckpt`. */
export const isAveragedName = (file: string): boolean => AVERAGED.test(file);

/** Where an optimiser keeps a value for each weight, under the weight's name. */
const OPTIMISER = /(^|\.)(optimi[sz]ers?|optim|exp_avg(_sq)?|grads?)\./;

/** Keys that a training stores beside a model's weights. */
const TRAINING =
  /^(optimi[sz]ers?|optim|(lr_)?schedulers?|(grad_)?scaler|loss|discriminator|perceptual_loss|(model_)?ema\d*)\.|^(epoch|(global_)?step|decay|num_updates|initted|n_averaged)$/;

/** Whether a key belongs to a training and to no model. */
export const isTrainingKey = (key: string): boolean => TRAINING.test(key);

/**
 * The copies of a model's weights in a file, the most likely one first: averaged weights if they are whole, then raw ones
 * by how common their prefix is.
 *
 * @param anchor a key that every such model has; what stands before it in the file is a copy's prefix
 * @param path of the file: its name tells of a single copy without a prefix
 */
export function weightCopies(names: readonly string[], anchor: string, path = ''): WeightsCopy[] {
  const prefixes = names
    .filter((name) => name === anchor || name.endsWith(`.${anchor}`))
    .map((name) => name.slice(0, name.length - anchor.length))
    .filter((prefix) => !OPTIMISER.test(prefix));
  const copies = (prefixes.length > 0 ? prefixes : ['']).map((prefix) => {
    // A copy under `model.` is no part of the copy without a prefix.
    const nested = prefixes.filter((other) => other !== prefix && other.startsWith(prefix));
    const own = names.filter(
      (name) => name.startsWith(prefix) && !nested.some((other) => name.startsWith(other)),
    );
    return { prefix, names: new Map(own.map((name) => [name.slice(prefix.length), name])) };
  });
  const rank = ({ prefix }: { readonly prefix: string }): number =>
    RAW_PREFIXES.includes(prefix) ? RAW_PREFIXES.indexOf(prefix) : RAW_PREFIXES.length;
  const raw = copies.filter(({ prefix }) => !AVERAGED.test(prefix)).sort((a, b) => rank(a) - rank(b));
  const keys = [...(raw[0]?.names.keys() ?? [])].filter((key) => !isTrainingKey(key));
  const averaged = copies
    .filter(({ prefix }) => AVERAGED.test(prefix))
    .map((copy): WeightsCopy => {
      const isWhole = keys.every((key) => copy.names.has(key));
      return { ...copy, kind: 'averaged', isWhole, names: isWhole ? copy.names : withDots(copy.names, keys) };
    });
  return [
    ...averaged.filter(({ isWhole }) => isWhole),
    ...raw.map((copy): WeightsCopy => {
      const isNamed = copies.length === 1 && isAveragedName(path.split(/[\\/]/).at(-1)!);
      return { ...copy, kind: isNamed ? 'averaged' : 'raw', isWhole: true };
    }),
    ...averaged.filter(({ isWhole }) => !isWhole),
  ];
}

/** Names of a copy whose keys have lost their dots, as LitEma writes them, by the keys of the other copy. */
function withDots(names: ReadonlyMap<string, string>, keys: readonly string[]): ReadonlyMap<string, string> {
  const restored = keys.map((key) => [key, names.get(key.replaceAll('.', ''))] as const);
  const isDotless = (
    entries: readonly (readonly [string, string | undefined])[],
  ): entries is [string, string][] => entries.every(([, name]) => name !== undefined);
  return isDotless(restored) ? new Map(restored) : names;
}
