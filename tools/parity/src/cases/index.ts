import type { CaseReplay } from '../golden-case.js';
import { replayDecode, replayDecodeScaled, replayEncode } from './autoencoder.js';
import { replayCheckpoint } from './checkpoint.js';
import { replayDdim } from './ddim.js';
import { replayDenoise } from './denoise.js';
import { replayForward } from './forward.js';
import { replayGenerate } from './generate.js';
import { replayLazyMar } from './lazymar.js';
import { replayLazyMarHead } from './lazymar-head.js';
import { replayPositions, replayText } from './lightgen.js';
import { replayPatchify } from './patchify.js';
import { replaySampleDiffusion } from './sample-diffusion.js';
import { replaySchedule } from './schedule.js';
import { replayStaged } from './staged.js';
import { replayTimestepFrequencies } from './timestep-frequencies.js';

/** The kind of case that an `index.json` of checkpoints lists. */
export const CHECKPOINT = 'checkpoint';

/** Every kind of case, under the name that `cases.json` gives it. */
export const CASE_KINDS: ReadonlyMap<string, CaseReplay> = new Map([
  ['forward', replayForward],
  ['text', replayText],
  ['pos_embed', replayPositions],
  ['denoise', replayDenoise],
  ['sample_diffusion', replaySampleDiffusion],
  ['ddim', replayDdim],
  ['generate', replayGenerate],
  ['staged', replayStaged],
  ['lazymar', replayLazyMar],
  ['lazymar_head', replayLazyMarHead],
  ['patchify', replayPatchify],
  ['schedule', replaySchedule],
  ['timestep_freqs', replayTimestepFrequencies],
  ['decode', replayDecode],
  ['decode_scaled', replayDecodeScaled],
  ['encode', replayEncode],
  [CHECKPOINT, replayCheckpoint],
]);
