import type { ReferencePictures } from '@tessera/evaluate';
import { type Classes, classesOf, type Manifest } from '@tessera/format';
import { EvaluationRequestError } from './evaluation-request-error.js';
import { type LoadedNetwork, loadNetwork, loadSceneNetwork } from './feature-network-file.js';
import type { LabelOf } from './real-files.js';
import { realPictures } from './real-pictures.js';

export interface NetworkOptions {
  /** A feature network of one's own; see {@link loadNetwork}. @default the built-in one */
  readonly network?: string;
  /** A folder of real pictures. @default those that come with the network */
  readonly real?: string;
  /** The model's: what it draws. */
  readonly manifest: Pick<Manifest, 'name' | 'condition'>;
  /** Needed for `real`: the class that a folder is named for. */
  readonly labelOf?: LabelOf;
  /** Where features of real pictures are kept. */
  readonly cacheFolder: string;
  readonly signal: AbortSignal;
  /** Hears what was left out of `real`, a sentence each. */
  onNote?(line: string): void;
  onProgress?(done: number, total: number): void;
}

/** What pictures are measured by, and against what. */
export interface NetworkWithReference {
  readonly loaded: LoadedNetwork;
  readonly reference: ReferencePictures;
}

/**
 * Loads network and real pictures.
 *
 * @throws EvaluationRequestError where real pictures are missing, those that come with the network are of other classes or of classes
 * that the model gives no names to, or no network is named and the built-in one knows other classes
 */
export async function loadNetworkWithReference(options: NetworkOptions): Promise<NetworkWithReference> {
  const { real, manifest } = options;
  const loaded = await networkFor(options);
  if (manifest.condition.kind === 'text') {
    if (real !== undefined) {
      throw new EvaluationRequestError(
        '--real is for models of classes: pictures of prompts are compared with the scenes of the same prompts that come with the network. Leave it out.',
      );
    }
    return { loaded, reference: withReference(loaded, BUILT_IN_SCENES) };
  }
  const classes = classesOf(manifest);
  if (real !== undefined) {
    return {
      loaded,
      reference: await realPictures(real, { labelOf: () => undefined, ...options, classes, loaded }),
    };
  }
  const reference = withReference(
    loaded,
    'Give a folder of them by --real, 8-bit RGB PNGs, best one folder a class.',
  );
  // As many classes may be other ones, and here nobody has said that they are the same.
  if (!sameClasses(loaded.classNames, classes) || !classes.names) throw unknownPictures(loaded, classes);
  return { loaded, reference };
}

const BUILT_IN_SCENES = 'Leave --network out for the built-in network of scenes.';

/** @param advice what to do where there are none */
function withReference({ reference, network }: LoadedNetwork, advice: string): ReferencePictures {
  if (reference) return reference;
  throw new EvaluationRequestError(`${network.name} comes without real pictures. ${advice}`);
}

/**
 * Loads the feature network alone.
 *
 * @throws EvaluationRequestError where none is named and the built-in one of classes knows other ones
 */
export async function networkFor({
  network,
  real,
  manifest,
}: Pick<NetworkOptions, 'network' | 'real' | 'manifest'>): Promise<LoadedNetwork> {
  if (manifest.condition.kind === 'text') {
    return network === undefined ? loadSceneNetwork() : loadNetwork(network);
  }
  const classes = classesOf(manifest);
  const loaded = await loadNetwork(network);
  const knowsClasses = sameClasses(loaded.classNames, classes);
  // Nobody has chosen the built-in network, and hours of drawing would be measured by what knows no such pictures.
  if (network === undefined && !knowsClasses) throw unknownPictures(loaded, classes);
  // What a network takes other classes for says nothing, nor what damage it sees in them or what would not matter.
  return real === undefined || knowsClasses ? loaded : withoutClasses(loaded);
}

function unknownPictures({ network, classNames }: LoadedNetwork, { names }: Classes): EvaluationRequestError {
  const problem = names ? 'not those of this model' : 'and the classes of this model have no names';
  return new EvaluationRequestError(
    `${network.name} knows pictures of ${classNames?.join(', ')}, ${problem}. ` +
      'Give a folder of real ones by --real, and a feature network that knows such pictures by --network.',
  );
}

function sameClasses(names: readonly string[] | undefined, classes: Classes): boolean {
  if (!names || names.length !== classes.count) return false;
  return names.every((name, i) => name.toLowerCase() === (classes.names?.[i] ?? name).toLowerCase());
}

function withoutClasses(loaded: LoadedNetwork): LoadedNetwork {
  const { key } = loaded;
  const { damageNames: _, ...network } = loaded.network;
  return {
    key: `${key}-unclassed`,
    network: {
      ...network,
      extract: async (images) => ({ ...(await network.extract(images)), classes: null, damages: null }),
    },
  };
}
