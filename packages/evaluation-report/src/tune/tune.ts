import { join } from 'node:path';
import { halvesOfReference, leastPictures, type MeasuredPicture } from '@tessera/evaluate';
import { formatSpec } from '@tessera/format';
import { percent, secondsText, shortTime, timesText } from '../display/number-text.js';
import type { ModelInUse } from '../environment.js';
import {
  drawInFolder,
  evaluateInFolder,
  type FolderDrawingOptions,
  type FolderEvaluation,
  type FolderEvaluationOptions,
} from '../evaluate-in-folder.js';
import { EvaluationRequestError } from '../evaluation-request-error.js';
import { type LoadedNetwork, loadSceneNetwork } from '../feature-network-file.js';
import type { NetworkWithReference } from '../network-with-reference.js';
import { findRecorded } from '../store/find-recorded.js';
import { SHOWN } from '../store/variant-folder.js';
import type { StudyProgress } from '../study/run-study.js';
import { type Timing, timeVariants } from '../study/timing.js';
import { type Subjects, subjectsOf } from '../subjects.js';
import { type Variant, variantKey } from '../variant.js';
import { type HalvingRound, halvingRounds } from './halving.js';
import { type Agreement, agreementOf, pixelNetwork } from './pixel-network.js';
import { candidatesOf, type SearchSpace } from './search-space.js';
import { confirmedVerdict, type Standing, type TuneGoal, worthOf } from './worth.js';

/** Added to the seed, so that a confirmation draws pictures that no round has shown. */
const FRESH = 1_000_003;

/** Pictures each candidate is timed by. */
const TIMED = 3;

/** What part of the time the search may take; the rest confirms. */
const SEARCH_SHARE = 0.5;

/** Pictures a class below which intervals are too narrow to confirm anything. */
const LEAST_A_CLASS = 5;

export interface TuneOptions
  extends Pick<FolderDrawingOptions, 'used' | 'seed' | 'batch' | 'folder' | 'signal' | 'onStart'> {
  readonly goal: TuneGoal;
  /** The slow one that the others are compared with. */
  readonly reference: Variant;
  readonly space: SearchSpace;
  /** How many of the space are tried. */
  readonly candidates: number;
  /** Pictures that confirm, at most. */
  readonly n: number;
  /** Seconds that this call may take. */
  readonly within: number;
  /** What judges. @default agreement with the reference on the same noise */
  readonly measuring?: NetworkWithReference;
  readonly margins?: FolderEvaluationOptions['margins'];
  /** Times samplings against each other. @default a few pictures of each, whose times are kept in the folder */
  readonly time?: (variants: readonly Variant[]) => Promise<Timing>;
  /** Milliseconds. @default performance.now */
  readonly clock?: () => number;
  /** Draws ahead what an evaluation lacks, e.g. in several processes. */
  draw?(asked: FolderDrawingOptions): Promise<void>;
  onProgress?(progress: StudyProgress): void;
  /** Hears a sentence after each part of the work. */
  onLine?(line: string): void;
  readonly command: string;
}

/** A candidate and all that is known of it. */
export interface TunedCandidate {
  readonly spec: string;
  readonly secondsPerImage: number;
  readonly speedup: number;
  /** Rounds it was in, from 0: what was slower than the goal allows was in none. */
  readonly rounds: number;
  /** Pictures of it by the last of them. */
  readonly n: number;
  readonly worth: number | null;
  /** By a feature network. */
  readonly comparisons?: Standing['comparisons'];
  /** Without one. */
  readonly agreement?: Agreement;
}

/** What a search found. Plain JSON. */
export interface Tuning {
  readonly format: 'tessera-tuning';
  readonly version: 1;
  readonly model: ModelInUse['identity'];
  readonly goal: TuneGoal;
  readonly reference: { readonly spec: string; readonly secondsPerImage: number };
  readonly judge: string;
  readonly seed: number;
  readonly timing: Omit<Timing, 'variants'>;
  readonly candidates: readonly TunedCandidate[];
  /** What was confirmed last, with fresh seeds and, by a network, other real pictures. */
  readonly confirmations: readonly {
    readonly spec: string;
    readonly speedup: number;
    readonly secondsPerImage: number;
    readonly n: number;
    readonly seed: number;
    /** Never `same` where agreement judges: it can't tell. */
    readonly verdict: ReturnType<typeof confirmedVerdict>;
    readonly comparisons?: Standing['comparisons'];
    readonly agreement?: Agreement;
  }[];
  /** The sampler spec to draw with; null where none was found that isn't worse. */
  readonly winner: string | null;
  readonly notes: readonly string[];
  readonly spentSeconds: number;
  readonly command: string;
}

export interface TuneOutcome {
  readonly tuning: Tuning;
  /** What its pictures show. */
  readonly subjects: Subjects;
  /** The confirmation as an evaluation. */
  readonly evaluation?: FolderEvaluation;
}

/**
 * Searches a space of ways to sample by successive halving on paired noise, and confirms what it found.
 *
 * What is drawn and timed is kept in the folder, so that the same call goes on after a stop.
 *
 * @throws EvaluationRequestError where nothing of the space can be drawn or is fast enough, or a network has no margins to call
 *   anything the same by
 */
export async function tune(options: TuneOptions): Promise<TuneOutcome> {
  const { used, goal, reference, folder, seed, n, clock = () => performance.now() } = options;
  const began = clock();
  const spent = (): number => (clock() - began) / 1000;
  const notes: string[] = [];
  const say = (line: string): void => options.onLine?.(line);
  const note = (line: string): void => {
    notes.push(line);
    say(line);
  };
  const judge = await judgeOf(options);
  const classes = judge.subjects.groups;
  const all = candidatesOf(options.space, {
    model: used.model,
    count: options.candidates,
    seed,
    reference: reference.sampling,
  });
  const { variants: times, ...timing } = await (options.time ?? timed(options, judge.subjects))([
    reference,
    ...all,
  ]);
  const secondsOf = new Map(times.map(({ name, secondsPerImage }) => [name, secondsPerImage.median]));
  const slow = secondsOf.get(reference.name)!;
  const speedupOf = ({ name }: Variant): number => slow / secondsOf.get(name)!;
  const allowed = goal.kind === 'budget' ? goal.seconds : slow / 1.2;
  let left = all.filter(({ name }) => secondsOf.get(name)! <= allowed);
  say(
    `timed ${all.length} samplings: ${reference.name} takes ${secondsText(slow)} s an image; ${left.length} are fast enough.`,
  );
  if (left.length === 0) {
    const fastest = Math.min(...all.map(({ name }) => secondsOf.get(name)!));
    throw new EvaluationRequestError(
      `No candidate takes less than ${secondsText(allowed)} s an image; the fastest takes ${secondsText(fastest)} s. Allow more by --budget, or give faster ones by --space.`,
    );
  }

  const known = new Map<string, TunedCandidate>(
    all.map((variant) => [
      variant.name,
      {
        spec: formatSpec(variant.sampling, used.model.manifest.sampling),
        secondsPerImage: secondsOf.get(variant.name)!,
        speedup: speedupOf(variant),
        rounds: 0,
        n: 0,
        worth: null,
      },
    ]),
  );
  // Seconds of drawing for a second of drawing one at a time; the first round tells.
  let pace = 1;
  const cost = (variants: readonly Variant[], pictures: number): number =>
    pace * pictures * variants.reduce((sum, { name }) => sum + secondsOf.get(name)!, 0);
  const drawn = async (variants: readonly Variant[], pictures: number, work: () => Promise<Judged>) => {
    const [before, predicted] = [spent(), cost(variants, pictures) / pace];
    const judged = await work();
    pace = Math.max(0.1, (spent() - before) / predicted);
    return judged;
  };

  let pictures = 0;
  const rounds = halvingRounds(left.length, firstPictures(classes));
  for (const [place, round] of rounds.entries()) {
    const asked = [reference, ...left.slice(0, round.candidates)];
    const affordable = options.within * SEARCH_SHARE - spent();
    if (place > 0 && cost(asked, round.n - pictures) > affordable) {
      note(`The search ended before round ${place + 1} of ${rounds.length}, for time.`);
      break;
    }
    const judged = await drawn(asked, round.n - pictures, () =>
      judge.judge(asked, round.n, { seed, folder: join(folder, 'search'), part: 0, resamples: 200 }),
    );
    pictures = round.n;
    for (const variant of left) {
      const standing = { speedup: speedupOf(variant), n: round.n, ...judged.standings.get(variant.name)! };
      known.set(variant.name, {
        ...known.get(variant.name)!,
        rounds: place + 1,
        n: round.n,
        worth: judge.worth(standing, goal),
        ...judged.standings.get(variant.name)!,
      });
    }
    const worth = ({ name }: Variant): number => known.get(name)!.worth!;
    left = left.toSorted((a, b) => worth(b) - worth(a));
    say(roundLine(place, round, known.get(left[0]!.name)!));
    const next = rounds[place + 1];
    if (next) left = left.slice(0, next.candidates);
  }

  const confirmations: Tuning['confirmations'][number][] = [];
  let evaluation: FolderEvaluation | undefined;
  let winner: string | null = null;
  for (const finalist of left) {
    const asked = [reference, finalist];
    // Of the reference, what comes with the network need not be drawn.
    const recorded = await judge.recorded(reference, seed + FRESH);
    const isFirst = confirmations.length === 0;
    const counted = isFirst && recorded === 0 ? asked : [finalist];
    const beside = isFirst && recorded > 0 ? cost([reference], SHOWN) : 0;
    const most = Math.floor((0.9 * (options.within - spent()) - beside) / cost(counted, 1));
    const count = Math.min(confirmations[0]?.n ?? n, recorded || n, most - (most % classes));
    if (count < LEAST_A_CLASS * classes || (confirmations[0] && count < confirmations[0].n)) {
      note(
        confirmations.length === 0
          ? `No time was left to confirm ${finalist.name}: ${shortTime(options.within)} are too short.`
          : 'No time was left to confirm another finalist.',
      );
      break;
    }
    const judged = await judge.judge(asked, count, {
      seed: seed + FRESH,
      folder: join(folder, 'confirmation'),
      part: 1,
      resamples: 1000,
    });
    const { comparisons, agreement } = judged.standings.get(finalist.name)!;
    const verdict = comparisons ? confirmedVerdict(comparisons) : 'undecided';
    const { spec, secondsPerImage, speedup } = known.get(finalist.name)!;
    confirmations.push({
      ...{ spec, speedup, secondsPerImage, n: count, seed: seed + FRESH, verdict },
      ...(comparisons ? { comparisons } : {}),
      ...(agreement ? { agreement } : {}),
    });
    evaluation = judged.evaluation;
    say(
      `confirmation of ${spec} by ${count} fresh pictures: ${agreement ? agreementText(agreement) : verdict}.`,
    );
    const good = verdict === 'same' || verdict === 'better';
    if (good || goal.kind === 'budget' || agreement) {
      winner = verdict === 'worse' && goal.kind === 'same-as' ? null : spec;
      break;
    }
  }
  winner ??= confirmations.find(({ verdict }) => verdict === 'undecided')?.spec ?? null;
  return {
    tuning: {
      format: 'tessera-tuning',
      version: 1,
      model: used.identity,
      goal,
      reference: {
        spec: formatSpec(reference.sampling, used.model.manifest.sampling),
        secondsPerImage: slow,
      },
      judge: judge.name,
      seed,
      timing,
      candidates: [...known.values()].toSorted(
        (a, b) => b.rounds - a.rounds || (b.worth ?? 0) - (a.worth ?? 0) || b.speedup - a.speedup,
      ),
      confirmations,
      winner,
      notes,
      spentSeconds: spent(),
      command: options.command,
    },
    subjects: judge.subjects,
    ...(evaluation ? { evaluation } : {}),
  };
}

function timed({ used, seed, folder, signal, onProgress }: TuneOptions, subjects: Subjects) {
  return (variants: readonly Variant[]): Promise<Timing> =>
    timeVariants({
      ...{ used, variants, seed, subjects, signal, rounds: 1, most: TIMED },
      path: join(folder, 'timing.json'),
      onProgress: (done, total) => onProgress?.({ phase: 'timing', done, total }),
    });
}

function firstPictures(classes: number): number {
  return Math.ceil(Math.max(leastPictures(classes), 24) / classes) * classes;
}

function roundLine(place: number, { candidates, n }: HalvingRound, best: TunedCandidate): string {
  const { spec, speedup, agreement } = best;
  const alike = agreement ? `, ${agreementText(agreement)}` : '';
  return `round ${place + 1}: ${candidates} candidates by ${n} pictures; first is ${spec}, ${timesText(speedup)} as fast${alike}.`;
}

/** `agreement 71.2 % ± 0.9`. */
export function agreementText({ value, error }: Agreement): string {
  return `agreement ${percent(value)} ± ${(100 * error).toFixed(1)}`;
}

interface JudgeOptions extends Pick<FolderEvaluationOptions, 'seed' | 'folder'> {
  /** Which half of the real pictures. */
  readonly part: 0 | 1;
  readonly resamples: number;
}

interface Judged {
  readonly standings: ReadonlyMap<
    string,
    { readonly comparisons?: Standing['comparisons']; readonly agreement?: Agreement }
  >;
  readonly evaluation?: FolderEvaluation;
}

interface Judge {
  readonly name: string;
  readonly subjects: Subjects;
  /** How many pictures of a variant come with it. */
  recorded(variant: Variant, seed: number): Promise<number>;
  /** @param variants the reference first */
  judge(variants: readonly Variant[], n: number, options: JudgeOptions): Promise<Judged>;
  worth(
    standing: {
      readonly speedup: number;
      readonly n: number;
      readonly comparisons?: Standing['comparisons'];
      readonly agreement?: Agreement;
    },
    goal: TuneGoal,
  ): number;
}

async function judgeOf(options: TuneOptions): Promise<Judge> {
  const { measuring } = options;
  return measuring ? byNetwork(options, measuring) : byAgreement(options);
}

function heard({ onStart, onProgress }: TuneOptions): Pick<FolderDrawingOptions, 'onStart' | 'onProgress'> {
  return { ...(onStart ? { onStart } : {}), ...(onProgress ? { onProgress } : {}) };
}

function byNetwork(options: TuneOptions, { loaded, reference }: NetworkWithReference): Judge {
  const { goal, used, batch, signal, command } = options;
  const margins = { ...loaded.margins, ...options.margins };
  if (goal.kind === 'same-as' && (margins.frechet === undefined || margins.kid === undefined)) {
    throw new EvaluationRequestError(
      `${loaded.network.name} has no margins, so that nothing can be called the same. Give them by --margin.`,
    );
  }
  const halves = halvesOfReference(reference, options.seed);
  return {
    name: `${loaded.network.name}, ${loaded.key}`,
    subjects: subjectsOf(used.model.manifest, loaded),
    async recorded(variant, seed) {
      const { sha256 } = used.identity;
      const identity = { sha256, seed, dtype: used.made.dtype };
      return (await findRecorded(loaded.recorded ?? [], variantKey(variant), identity))?.variant.count ?? 0;
    },
    worth: ({ speedup, n, comparisons = [] }) => worthOf({ speedup, n, comparisons }, goal),
    async judge(variants, n, { seed, folder, part, resamples }) {
      const asked: FolderEvaluationOptions = {
        ...{ used, variants, n, seed, batch, folder, signal, command, loaded, margins, resamples },
        reference: halves[part],
        keep: part === 0 ? 0 : n,
        subject: `${part === 0 ? 'search' : 'confirmation'}-${n}`,
        ...(part === 0 ? { splits: 1 } : {}),
        ...heard(options),
      };
      await options.draw?.(asked);
      const evaluation = await evaluateInFolder(asked);
      const standings = new Map(
        variants
          .slice(1)
          .map(({ name }) => [
            name,
            { comparisons: evaluation.document.comparisons.filter(({ arm }) => arm === name) },
          ]),
      );
      return { standings, evaluation };
    },
  };
}

async function byAgreement(options: TuneOptions): Promise<Judge> {
  const { goal, used, batch, signal } = options;
  const { manifest } = used.model;
  const { prompts } = manifest.condition.kind === 'text' ? await loadSceneNetwork() : {};
  const loaded: LoadedNetwork = { network: pixelNetwork, key: 'pixels', ...(prompts ? { prompts } : {}) };
  const subjects = subjectsOf(manifest, loaded);
  return {
    name: `agreement with the reference on the same noise, ${pixelNetwork.name}`,
    subjects,
    recorded: () => Promise.resolve(0),
    worth: ({ speedup, agreement }) =>
      goal.kind === 'same-as' ? agreement!.value * Math.log(speedup) : agreement!.value,
    async judge(variants, n, { seed, folder }) {
      const asked: FolderDrawingOptions = {
        ...{ used, variants, n, seed, batch, folder, signal, loaded, keep: 0 },
        ...heard(options),
      };
      const [reference, ...others] = await drawInFolder(asked);
      const standings = new Map(
        others.map((pictures: readonly MeasuredPicture[], i) => [
          variants[i + 1]!.name,
          { agreement: agreementOf(pictures, reference!, subjects.groups) },
        ]),
      );
      return { standings };
    },
  };
}
