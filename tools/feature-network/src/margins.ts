/**
 * Differences that don't matter in the feature network's distances: half of what the embedded model's autoencoder alone costs, which
 * is what its reconstructions of real pictures score beyond the floor. Every picture of the model goes through it, and no
 * way of sampling gets below it. tests/evidence-margins.test.ts measures it.
 */
export const MARGINS = { frechet: 1.9, kid: 0.39 } as const;
